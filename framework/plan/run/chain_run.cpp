#include "framework/plan/run/chain_run.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "framework/tensor/kernels.hpp"

namespace unroll {
namespace {

/// Elements of one part: what broadcast operands are laid out for stays in the first-level cache.
constexpr std::int64_t part_elements = 1024;

/// Rows this long are gone through one by one, with nothing laid out.
constexpr std::int64_t long_row = 512;

}  // namespace

ChainRun::ChainRun(const ir::Program& program, const ir::Chain& chain) : dims_(chain.dims) {
  number(program, chain);
  const std::size_t all = inputs_ + results_ + static_cast<std::size_t>(inner_);
  std::get<0>(chain_operands_).resize(all);
  std::get<1>(chain_operands_).resize(all);
  compile();
}

void ChainRun::number(const ir::Program& program, const ir::Chain& chain) {
  std::map<ir::Id, int> numbers;
  std::map<ir::Id, std::size_t> last_read;
  std::set<ir::Id> made;
  for (std::size_t i = 0; i < chain.links.size(); ++i) {
    for (const ir::Id in : chain.links[i].in) {
      last_read[in] = i;
      if (made.contains(in) || !numbers.try_emplace(in, static_cast<int>(values_.size())).second) continue;
      values_.push_back(in);
      operands_.push_back({*ir::access(program.dims(in), chain.dims), program.dims(in)});
    }
    made.insert(chain.links[i].out);
  }
  inputs_ = values_.size();
  results_ = chain.out.size();
  for (const ir::Id out : chain.out) {
    numbers[out] = static_cast<int>(values_.size());
    values_.push_back(out);
  }
  const int first_inner = static_cast<int>(values_.size());
  std::set<int> free;
  for (std::size_t i = 0; i < chain.links.size(); ++i) {
    const ir::Compute& link = chain.links[i];
    Link numbered{link.op->elementwise() ? link.op->element : ElementKernel{ElementKernel::Form::copy}, {}, -1};
    for (const ir::Id in : link.in) numbered.from.push_back(numbers.at(in));
    // An operand that is read for the last time gives its place to the result.
    for (const ir::Id in : link.in)
      if (numbers.at(in) >= first_inner && last_read[in] == i) free.insert(numbers.at(in));
    if (!numbers.contains(link.out)) {
      if (free.empty()) free.insert(first_inner + inner_++);
      numbers[link.out] = free.extract(free.begin()).value();
    }
    numbered.to = numbers.at(link.out);
    links_.push_back(std::move(numbered));
  }
}

/// Turns links, which name their operands, into steps that pass a value on: a result that the next link alone
/// reads is never stored.
void ChainRun::compile() {
  using enum ChainStep::Form;
  const auto number = [](int n) { return static_cast<std::int16_t>(n); };
  int held = -1;
  for (std::size_t i = 0; i < links_.size(); ++i) {
    const auto& [kernel, from, to] = links_[i];
    const bool second_held = kernel.form == ElementKernel::Form::binary && from[1] == held && from[0] != held;
    if (from[0] != held && !second_held) steps_.push_back({.form = load, .operand = number(from[0])});
    if (kernel.form == ElementKernel::Form::unary)
      steps_.push_back({.form = unary, .function = kernel.index});
    else if (kernel.form == ElementKernel::Form::binary)
      steps_.push_back({.form = second_held ? reversed : binary,
                        .function = kernel.index,
                        .operand = number(second_held ? from[0] : from[1])});
    else if (kernel.form == ElementKernel::Form::choice)
      steps_.push_back({.form = choice, .operand = number(from[1]), .other = number(from[2])});
    held = to;
    if (read_from_memory(i)) steps_.push_back({.form = store, .operand = number(to)});
  }
}

/// Whether a link's result is read by more than the first operand that the next link takes over.
bool ChainRun::read_from_memory(std::size_t link) const {
  const int to = links_[link].to;
  const int inner = static_cast<int>(inputs_ + results_);
  if (to < inner) return true;
  for (std::size_t i = link + 1; i < links_.size(); ++i) {
    const auto& [kernel, from, next] = links_[i];
    const auto reads = std::count(from.begin(), from.end(), to);
    const bool taken_over =
        i == link + 1 && reads == 1 &&
        (from[0] == to || (kernel.form == ElementKernel::Form::binary && from[1] == to));
    if (reads > 0 && !taken_over) return true;
    if (next == to) return false;  // the place holds another value from here on
  }
  return false;
}

/// The elements after which every broadcast operand begins again or goes on to its next element; 0 where
/// there is no such number, or a short one.
std::int64_t ChainRun::common_row() const {
  std::int64_t row = 0;
  for (const Operand& operand : operands_)
    if (operand.expanded()) row = row == 0 ? operand.period : std::min(row, operand.period);
  const bool common = std::all_of(operands_.begin(), operands_.end(), [&](const Operand& operand) {
    return !operand.expanded() || (row > 0 && operand.period % row == 0);
  });
  return common && row >= long_row ? row : 0;
}

std::size_t ChainRun::lay_out(Sizes sizes, std::size_t real_bytes) {
  total_ = numel(dims_).at(sizes);
  part_ = std::min(total_, part_elements);
  std::int64_t tile = 1;  // tiles that fit into a part are laid out once, not for every part
  std::int64_t expanded = 0;
  for (Operand& operand : operands_) {
    const std::int64_t elements = numel(operand.dims).at(sizes);
    if (operand.access == ir::Access::tiled) tile = std::max(tile, operand.period = elements);
    if (operand.access == ir::Access::repeated) operand.period = elements == 0 ? 1 : total_ / elements;
    expanded += operand.expanded();
  }
  row_ = common_row();
  if (row_ > 0) expanded = 0;
  if (tile > 1 && tile <= part_) part_ -= part_ % tile;
  // Without such operands there is nothing to do between parts.
  if (expanded == 0) part_ = std::max<std::int64_t>(row_ > 0 ? row_ : total_, 1);
  const std::int64_t elements = expanded * part_ + inner_ * chain_group;
  return static_cast<std::size_t>(elements) * real_bytes;
}

/// Elements at, at + 1, ... of a broadcast operand.
template <class T>
void ChainRun::expand(const Operand& operand, const T* from, T* to, std::int64_t at, std::int64_t n) const {
  if (operand.access == ir::Access::tiled) {
    for (std::int64_t done = 0; done < n;) {
      const std::int64_t begin = (at + done) % operand.period;
      const std::int64_t count = std::min(n - done, operand.period - begin);
      std::copy_n(from + begin, count, to + done);
      done += count;
    }
    return;
  }
  const T* element = from + at / operand.period;
  for (std::int64_t done = 0, count = operand.period - at % operand.period; done < n; ++element) {
    count = std::min(count, n - done);
    std::fill_n(to + done, count, *element);
    done += std::exchange(count, operand.period);
  }
}

template <class T>
void ChainRun::run(std::span<std::byte* const> pointers, std::byte* scratch) {
  auto& operands = std::get<std::vector<ChainOperand<T>>>(chain_operands_);
  for (std::size_t i = 0; i < inputs_; ++i) {
    const bool one_for_all =
        operands_[i].access == ir::Access::scalar || (row_ > 0 && operands_[i].access == ir::Access::repeated);
    operands[i] = {reinterpret_cast<T*>(pointers[i]), !one_for_all, one_for_all};
  }
  auto* next = reinterpret_cast<T*>(scratch);
  if (row_ == 0)
    for (std::size_t i = 0; i < inputs_; ++i)
      if (operands_[i].expanded()) operands[i].p = std::exchange(next, next + part_);
  for (std::size_t i = inputs_; i < inputs_ + results_; ++i)
    operands[i] = {reinterpret_cast<T*>(pointers[i]), true, false};
  for (std::size_t i = inputs_ + results_; i < operands.size(); ++i, next += chain_group)
    operands[i] = {next, false, false};

  const ChainKernel<T> kernel = kernels<T>().chain;
  for (std::int64_t at = 0; at < total_; at += part_) {
    const std::int64_t n = std::min(part_, total_ - at);
    for (std::size_t i = 0; i < inputs_; ++i) prepare(operands_[i], pointers[i], at, n, operands[i]);
    kernel(steps_.data(), static_cast<std::int64_t>(steps_.size()), operands.data(), n);
    for (std::size_t i = 0; i < inputs_ + results_; ++i)
      if (i >= inputs_ || operands_[i].access == ir::Access::whole) operands[i].p += n;
  }
}

/// Makes a broadcast operand ready for elements at, at + 1, ...
template <class T>
void ChainRun::prepare(const Operand& operand, std::byte* pointer, std::int64_t at, std::int64_t n,
                       ChainOperand<T>& ready) const {
  if (!operand.expanded()) return;
  if (row_ > 0) {
    const std::int64_t element = operand.access == ir::Access::tiled ? at % operand.period : at / operand.period;
    ready.p = reinterpret_cast<T*>(pointer) + element;
    return;
  }
  // A whole number of tiles stays as it was laid out.
  if (operand.access == ir::Access::tiled && at > 0 && part_ % operand.period == 0) return;
  expand(operand, reinterpret_cast<const T*>(pointer), ready.p, at, n);
}

template void ChainRun::run<float>(std::span<std::byte* const>, std::byte*);
template void ChainRun::run<double>(std::span<std::byte* const>, std::byte*);

}  // namespace unroll
