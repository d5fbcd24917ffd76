#include "framework/plan/fused.hpp"

#include <algorithm>

#include "framework/tensor/kernels.hpp"

namespace unroll {
namespace {

/// Elements of one part: what broadcast operands are laid out for stays in the first-level cache.
constexpr std::int64_t part_elements = 1024;

}  // namespace

FusedRun::FusedRun(const Fused& fused, std::span<const Slot> slots, std::span<const SlotId> in)
    : fused_(fused), inputs_(in.size()), results_(fused.out.size()) {
  for (const SlotId slot : in) operands_.push_back({*access(slots[slot].dims, fused.dims), slots[slot].dims});
  const std::size_t all = inputs_ + results_ + static_cast<std::size_t>(fused.inner);
  std::get<0>(chain_operands_).resize(all);
  std::get<1>(chain_operands_).resize(all);
  compile();
}

/// Turns links, which name their operands, into steps that pass a value on: a result that the next link alone
/// reads is never stored.
void FusedRun::compile() {
  using enum ChainStep::Form;
  const auto number = [](int n) { return static_cast<std::int16_t>(n); };
  int held = -1;
  for (std::size_t i = 0; i < fused_.chain.size(); ++i) {
    const auto& [op, from, to] = fused_.chain[i];
    const ElementKernel kernel = op->element;
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
bool FusedRun::read_from_memory(std::size_t link) const {
  const int to = fused_.chain[link].to;
  const int inner = static_cast<int>(inputs_ + results_);
  if (to < inner) return true;
  for (std::size_t i = link + 1; i < fused_.chain.size(); ++i) {
    const auto& [op, from, next] = fused_.chain[i];
    const auto reads = std::count(from.begin(), from.end(), to);
    const bool taken_over =
        i == link + 1 && reads == 1 &&
        (from[0] == to || (op->element.form == ElementKernel::Form::binary && from[1] == to));
    if (reads > 0 && !taken_over) return true;
    if (next == to) return false;  // the place holds another value from here on
  }
  return false;
}

std::size_t FusedRun::lay_out(Sizes sizes, std::size_t real_bytes) {
  total_ = numel(fused_.dims).at(sizes);
  part_ = std::min(total_, part_elements);
  std::int64_t tile = 1;  // tiles that fit into a part are laid out once, not for every part
  std::int64_t expanded = 0;
  for (Operand& operand : operands_) {
    const std::int64_t elements = numel(operand.dims).at(sizes);
    if (operand.access == Access::tiled) tile = std::max(tile, operand.period = elements);
    if (operand.access == Access::repeated) operand.period = elements == 0 ? 1 : total_ / elements;
    expanded += operand.expanded();
  }
  if (tile > 1 && tile <= part_) part_ -= part_ % tile;
  // Without such operands there is nothing to do between parts.
  if (expanded == 0) part_ = std::max<std::int64_t>(total_, 1);
  const std::int64_t elements = expanded * part_ + fused_.inner * chain_group;
  return static_cast<std::size_t>(elements) * real_bytes;
}

/// Elements at, at + 1, ... of a broadcast operand.
template <class T>
void FusedRun::expand(const Operand& operand, const T* from, T* to, std::int64_t at, std::int64_t n) const {
  if (operand.access == Access::tiled) {
    for (std::int64_t done = 0; done < n;) {
      const std::int64_t begin = (at + done) % operand.period;
      const std::int64_t count = std::min(n - done, operand.period - begin);
      std::copy_n(from + begin, count, to + done);
      done += count;
    }
    return;
  }
  for (std::int64_t done = 0; done < n;) {
    const std::int64_t element = (at + done) / operand.period;
    const std::int64_t count = std::min(n - done, (element + 1) * operand.period - at - done);
    std::fill_n(to + done, count, from[element]);
    done += count;
  }
}

template <class T>
void FusedRun::run(std::span<std::byte* const> pointers, std::byte* scratch) {
  auto& operands = std::get<std::vector<ChainOperand<T>>>(chain_operands_);
  auto* next = reinterpret_cast<T*>(scratch);
  for (std::size_t i = 0; i < inputs_; ++i) {
    const Operand& operand = operands_[i];
    const bool expanded = operand.expanded();
    operands[i] = {expanded ? next : reinterpret_cast<T*>(pointers[i]), operand.access != Access::scalar,
                   operand.access == Access::scalar};
    if (expanded) next += part_;
  }
  for (std::size_t i = inputs_; i < inputs_ + results_; ++i)
    operands[i] = {reinterpret_cast<T*>(pointers[i]), true, false};
  for (std::size_t i = inputs_ + results_; i < operands.size(); ++i, next += chain_group)
    operands[i] = {next, false, false};

  const ChainKernel<T> kernel = kernels<T>().chain;
  for (std::int64_t at = 0; at < total_; at += part_) {
    const std::int64_t n = std::min(part_, total_ - at);
    for (std::size_t i = 0; i < inputs_; ++i) {
      const Operand& operand = operands_[i];
      if (!operand.expanded()) continue;
      // A whole number of tiles stays as it was laid out.
      if (operand.access == Access::tiled && at > 0 && part_ % operand.period == 0) continue;
      expand(operand, reinterpret_cast<const T*>(pointers[i]), operands[i].p, at, n);
    }
    kernel(steps_.data(), static_cast<std::int64_t>(steps_.size()), operands.data(), n);
    for (std::size_t i = 0; i < inputs_ + results_; ++i)
      if (i >= inputs_ || operands_[i].access == Access::whole) operands[i].p += n;
  }
}

template void FusedRun::run<float>(std::span<std::byte* const>, std::byte*);
template void FusedRun::run<double>(std::span<std::byte* const>, std::byte*);

}  // namespace unroll
