#include "framework/plan/run/chain_run.hpp"

#include <algorithm>
#include <utility>

namespace unroll {
namespace {

using ir::Access;

/// Elements of one part: what broadcast operands are laid out for stays in the first-level cache.
constexpr std::int64_t part_elements = 1024;

/// Rows this long are gone through one by one, with nothing laid out.
constexpr std::int64_t long_row = 512;

}  // namespace

template <class T>
ChainRun<T>::ChainRun(ChainCode code, std::vector<ir::Id> roots)
    : code_(std::move(code)),
      roots_(std::move(roots)),
      kernel_(kernels<T>().chain),
      period_(code_.inputs.size(), 0),
      operands_(code_.values.size() + code_.inner),
      broadcast_(code_.inputs.size(), nullptr),
      laid_out_(code_.inputs.size(), nullptr) {}

template <class T>
bool ChainRun<T>::expanded(std::size_t input) const {
  const Access access = code_.inputs[input].access;
  return access == Access::tiled || access == Access::repeated;
}

/// The elements after which every broadcast operand begins again or goes on to its next element; 0 where
/// there is no such number, or a short one.
template <class T>
std::int64_t ChainRun<T>::common_row() const {
  std::int64_t row = 0;
  for (std::size_t i = 0; i < period_.size(); ++i)
    if (expanded(i)) row = row == 0 ? period_[i] : std::min(row, period_[i]);
  if (row < long_row) return 0;
  for (std::size_t i = 0; i < period_.size(); ++i)
    if (expanded(i) && period_[i] % row != 0) return 0;
  return row;
}

template <class T>
std::size_t ChainRun<T>::lay_out(Sizes sizes) {
  total_ = numel(code_.dims).at(sizes);
  part_ = std::min(total_, part_elements);
  std::int64_t tile = 1;  // tiles that fit into a part are laid out once, not for every part
  std::int64_t wide = 0;
  for (std::size_t i = 0; i < period_.size(); ++i) {
    const std::int64_t elements = numel(code_.inputs[i].dims).at(sizes);
    const Access access = code_.inputs[i].access;
    if (access == Access::tiled) tile = std::max(tile, period_[i] = elements);
    if (access == Access::repeated) period_[i] = elements == 0 ? 1 : total_ / elements;
    wide += expanded(i);
  }
  in_one_go_ = wide == 0;
  row_ = common_row();
  if (row_ > 0) wide = 0;
  if (tile > 1 && tile <= part_) part_ -= part_ % tile;
  // Without such operands there is nothing to do between parts.
  if (wide == 0) part_ = std::max<std::int64_t>(row_ > 0 ? row_ : total_, 1);
  for (std::size_t i = 0; i < code_.values.size(); ++i) {
    const Access access = i < period_.size() ? code_.inputs[i].access : Access::whole;
    const bool one_for_all = access == Access::scalar || (row_ > 0 && access == Access::repeated);
    operands_[i].moves = !one_for_all;
    operands_[i].one_for_all = one_for_all;
  }
  place_scratch();
  return static_cast<std::size_t>(wide * part_ + static_cast<std::int64_t>(code_.inner) * chain_group) *
         sizeof(T);
}

template <class T>
void ChainRun<T>::attach(std::byte* scratch) {
  scratch_ = reinterpret_cast<T*>(scratch);
  place_scratch();
}

/// Inner values first, then what inputs are expanded to.
template <class T>
void ChainRun<T>::place_scratch() {
  T* next = scratch_;
  if (!next) return;
  for (std::size_t i = code_.values.size(); i < operands_.size(); ++i)
    operands_[i] = {std::exchange(next, next + chain_group), false, false};
  for (std::size_t i = 0; i < period_.size(); ++i)
    if (expanded(i) && row_ == 0) laid_out_[i] = std::exchange(next, next + part_);
}

template <class T>
void ChainRun<T>::run(std::byte* const* pointers) {
  for (std::size_t i = 0; i < roots_.size(); ++i)
    operands_[i].p = reinterpret_cast<T*>(pointers[static_cast<std::size_t>(roots_[i])]);
  if (!in_one_go_) return run_in_parts();
  if (total_ > 0)
    kernel_(code_.steps.data(), static_cast<std::int64_t>(code_.steps.size()), operands_.data(), total_);
}

template <class T>
void ChainRun<T>::run_in_parts() {
  for (std::size_t i = 0; i < period_.size(); ++i) broadcast_[i] = operands_[i].p;
  for (std::int64_t at = 0; at < total_; at += part_) {
    const std::int64_t n = std::min(part_, total_ - at);
    for (std::size_t i = 0; i < period_.size(); ++i)
      if (expanded(i)) prepare(i, at, n);
    kernel_(code_.steps.data(), static_cast<std::int64_t>(code_.steps.size()), operands_.data(), n);
    for (std::size_t i = 0; i < roots_.size(); ++i)
      if (i >= period_.size() || code_.inputs[i].access == Access::whole) operands_[i].p += n;
  }
}

/// Makes a broadcast operand ready for elements at, at + 1, ...
template <class T>
void ChainRun<T>::prepare(std::size_t input, std::int64_t at, std::int64_t n) {
  const bool tiled = code_.inputs[input].access == Access::tiled;
  if (row_ > 0) {
    operands_[input].p = broadcast_[input] + (tiled ? at % period_[input] : at / period_[input]);
    return;
  }
  operands_[input].p = laid_out_[input];
  // A whole number of tiles stays as it was laid out.
  if (tiled && at > 0 && part_ % period_[input] == 0) return;
  expand(input, broadcast_[input], laid_out_[input], at, n);
}

/// Elements at, at + 1, ... of a broadcast operand.
template <class T>
void ChainRun<T>::expand(std::size_t input, const T* from, T* to, std::int64_t at, std::int64_t n) const {
  const std::int64_t period = period_[input];
  if (code_.inputs[input].access == Access::tiled) {
    for (std::int64_t done = 0; done < n;) {
      const std::int64_t begin = (at + done) % period;
      const std::int64_t count = std::min(n - done, period - begin);
      std::copy_n(from + begin, count, to + done);
      done += count;
    }
    return;
  }
  const T* element = from + at / period;
  for (std::int64_t done = 0, count = period - at % period; done < n; ++element) {
    count = std::min(count, n - done);
    std::fill_n(to + done, count, *element);
    done += std::exchange(count, period);
  }
}

template class ChainRun<float>;
template class ChainRun<double>;

}  // namespace unroll
