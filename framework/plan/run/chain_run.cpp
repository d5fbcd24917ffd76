#include "framework/plan/run/chain_run.hpp"

#include <algorithm>
#include <utility>

#include "framework/tensor/jit/record_chain.hpp"

namespace unroll {
namespace {

using ir::Access;

/// Elements of one part: what broadcast operands are laid out for stays in the first-level cache.
constexpr std::int64_t part_elements = 1024;

/// Rows this long are gone through one by one, with nothing laid out.
constexpr std::int64_t long_row = 512;

/// Rows this long are gone through one by one, where something would have to be laid out otherwise. The
/// machine code of rows calls no functions: where there are some, it is laid out.
constexpr std::int64_t short_row = 64;

/// Runs before machine code is made, which takes as long as a hundred of them. Short chains wait for the
/// routine of their region, and have one of their own where there is none.
constexpr int chain_runs_before_code = 8, short_runs_before_code = 1000;

/// Elements of a chain that is written out into a routine, without a loop.
constexpr std::int64_t longest_written_out = 128;

}  // namespace

template <class T>
ChainRun<T>::ChainRun(ChainCode code, std::vector<ir::Id> roots)
    : code_(std::move(code)),
      roots_(std::move(roots)),
      read_as_(code_.inputs.size(), Access::whole),
      elements_(code_.values.size(), 0),
      period_(code_.inputs.size(), 0),
      operands_(code_.values.size() + code_.inner + code_.sums.size(), nullptr),
      broadcast_(code_.inputs.size(), nullptr),
      laid_out_(code_.inputs.size(), nullptr),
      kinds_(operands_.size(), ChainOperand::elements),
      calls_functions_(!jit::has_instructions<T>(code_.steps)),
      rows_(code_) {
  std::fill(kinds_.begin() + static_cast<std::ptrdiff_t>(code_.values.size()), kinds_.end(),
            ChainOperand::inner);
}

template <class T>
void ChainRun<T>::is_of_history(ir::Id root) {
  for (std::size_t i = 0; i < roots_.size(); ++i)
    if (roots_[i] == root) rows_.is_of_history(i);
}

/// Sums, or operands that broadcast along an axis in the middle.
template <class T>
bool ChainRun<T>::needs_rows() const {
  return !(code_.sums.empty() || sums_are_additions()) ||
         std::ranges::find(read_as_, Access::by_rows) != read_as_.end();
}

/// Sums along axes of which this run has one element, added to in place.
template <class T>
bool ChainRun<T>::sums_are_additions() const {
  return std::ranges::all_of(code_.sums, [&](const ChainCode::Sum& sum) {
    const auto root = [&](int value) { return roots_[static_cast<std::size_t>(value)]; };
    return elements_[static_cast<std::size_t>(sum.total)] == total_ && sum.onto >= 0 &&
           root(sum.onto) == root(sum.total);
  });
}

template <class T>
bool ChainRun<T>::expanded(std::size_t input) const {
  return read_as_[input] == Access::tiled || read_as_[input] == Access::repeated;
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

/// What broadcasts along axes that have one element in this run is whole, and one element is one for all.
template <class T>
void ChainRun<T>::read_inputs(Sizes sizes) {
  for (std::size_t i = 0; i < code_.inputs.size(); ++i) elements_[i] = numel(code_.inputs[i].dims).at(sizes);
  for (std::size_t i = 0; i < code_.results.size(); ++i)
    elements_[code_.inputs.size() + i] = numel(code_.results[i]).at(sizes);
  for (std::size_t i = 0; i < code_.inputs.size(); ++i)
    read_as_[i] = elements_[i] == total_ ? Access::whole
                  : elements_[i] == 1    ? Access::scalar
                                         : code_.inputs[i].access;
}

template <class T>
std::size_t ChainRun<T>::lay_out(Sizes sizes) {
  total_ = numel(code_.dims).at(sizes);
  part_ = std::min(total_, part_elements);
  std::int64_t tile = 1;  // tiles that fit into a part are laid out once, not for every part
  std::int64_t wide = 0;
  read_inputs(sizes);
  for (std::size_t i = 0; i < period_.size(); ++i) {
    if (read_as_[i] == Access::tiled) tile = std::max(tile, period_[i] = elements_[i]);
    if (read_as_[i] == Access::repeated) period_[i] = elements_[i] == 0 ? 1 : total_ / elements_[i];
    wide += expanded(i);
  }
  in_one_go_ = wide == 0;
  row_ = common_row();
  if (row_ > 0) wide = 0;
  if (tile > 1 && tile <= part_) part_ -= part_ % tile;
  // Without such operands there is nothing to do between parts.
  if (wide == 0) part_ = std::max<std::int64_t>(row_ > 0 ? row_ : total_, 1);
  rows_.lay_out(sizes);
  by_rows_ = needs_rows() || (wide > 0 && !calls_functions_ && rows_.elements() >= short_row);
  if (by_rows_) in_one_go_ = false, wide = 0;
  settle_code();
  place_scratch();
  return static_cast<std::size_t>(wide * part_ + static_cast<std::int64_t>(code_.inner) * chain_group +
                                  static_cast<std::int64_t>(code_.sums.size()) * running_values) *
         sizeof(T);
}

/// What operands are to the code. Code that was made for others is forgotten.
template <class T>
void ChainRun<T>::settle_code() {
  for (std::size_t i = 0; i < code_.inputs.size(); ++i) {
    const bool one_for_all = read_as_[i] == Access::scalar || (row_ > 0 && read_as_[i] == Access::repeated);
    const ChainOperand kind = one_for_all ? ChainOperand::one_for_all : ChainOperand::elements;
    if (std::exchange(kinds_[i], kind) == kind) continue;
    routine_ = {};
    runs_ = 0;
  }
  const bool was_short = std::exchange(short_, written_out() > 0);
  if (short_ != was_short && !routine_) runs_ = 0;
}

template <class T>
jit::ChainPiece ChainRun<T>::whole() const {
  jit::ChainPiece piece{code_.steps, kinds_, {}, total_};
  for (std::size_t i = 0; i < operands_.size(); ++i)
    piece.slots.push_back(i < roots_.size() ? static_cast<int>(i) : -1);
  return piece;
}

template <class T>
std::int64_t ChainRun<T>::written_out() const {
  return in_one_go_ && total_ <= longest_written_out ? total_ : 0;
}

template <class T>
jit::ChainPiece ChainRun<T>::piece() const {
  jit::ChainPiece piece = whole();
  for (std::size_t i = 0; i < roots_.size(); ++i) piece.slots[i] = static_cast<int>(roots_[i]);
  return piece;
}

template <class T>
bool ChainRun<T>::settled() const {
  if (by_rows_) return rows_.settled();
  return total_ == 0 || written_out() > 0 || runs_ >= chain_runs_before_code;
}

template <class T>
jit::Call ChainRun<T>::call() {
  if (by_rows_) return rows_.call(roots_);
  if (!routine_ || !in_one_go_ || total_ == 0) return {};
  return jit::routine_call(routine_, reinterpret_cast<void**>(operands_.data()), total_);
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
  const std::size_t sums = operands_.size() - code_.sums.size();
  for (std::size_t i = code_.values.size(); i < operands_.size(); ++i)
    operands_[i] = std::exchange(next, next + (i < sums ? chain_group : running_values));
  for (std::size_t i = 0; i < period_.size(); ++i)
    if (expanded(i) && row_ == 0 && !by_rows_) laid_out_[i] = std::exchange(next, next + part_);
}

template <class T>
void ChainRun<T>::run(std::byte* const* pointers) {
  for (std::size_t i = 0; i < roots_.size(); ++i)
    operands_[i] = reinterpret_cast<T*>(pointers[static_cast<std::size_t>(roots_[i])]);
  if (by_rows_) return rows_.run(operands_.data());
  const int wait = written_out() > 0 ? short_runs_before_code : chain_runs_before_code;
  if (runs_ < wait && ++runs_ == wait) routine_ = jit::chain_routine<T>(whole());
  if (!in_one_go_) return run_in_parts();
  if (total_ > 0) run_kernel(total_);
}

template <class T>
void ChainRun<T>::run_kernel(std::int64_t n) {
  if (routine_)
    routine_(reinterpret_cast<void* const*>(operands_.data()), n);
  else
    run_chain<T>(code_.steps, kinds_, operands_.data(), n);
}

template <class T>
void ChainRun<T>::run_in_parts() {
  for (std::size_t i = 0; i < period_.size(); ++i) broadcast_[i] = operands_[i];
  for (std::int64_t at = 0; at < total_; at += part_) {
    const std::int64_t n = std::min(part_, total_ - at);
    for (std::size_t i = 0; i < period_.size(); ++i)
      if (expanded(i)) prepare(i, at, n);
    run_kernel(n);
    for (std::size_t i = 0; i < roots_.size(); ++i)
      if (i >= period_.size() || read_as_[i] == Access::whole) operands_[i] += n;
  }
}

/// Makes a broadcast operand ready for elements at, at + 1, ...
template <class T>
void ChainRun<T>::prepare(std::size_t input, std::int64_t at, std::int64_t n) {
  const bool tiled = read_as_[input] == Access::tiled;
  if (row_ > 0) {
    operands_[input] = broadcast_[input] + (tiled ? at % period_[input] : at / period_[input]);
    return;
  }
  operands_[input] = laid_out_[input];
  // A whole number of tiles stays as it was laid out.
  if (tiled && at > 0 && part_ % period_[input] == 0) return;
  expand(input, broadcast_[input], laid_out_[input], at, n);
}

/// Elements at, at + 1, ... of a broadcast operand.
template <class T>
void ChainRun<T>::expand(std::size_t input, const T* from, T* to, std::int64_t at, std::int64_t n) const {
  const std::int64_t period = period_[input];
  if (read_as_[input] == Access::tiled) {
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
