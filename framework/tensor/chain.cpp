#include "framework/tensor/chain.hpp"

#include <algorithm>

namespace unroll {
namespace {

/// `count` elements from `at` on, `value` those of the value that is passed on.
template <class T>
class ChainGroup {
 public:
  ChainGroup(std::span<const ChainOperand> operands, T* const* pointers, const Kernels<T>& table,
             std::int64_t at, std::int64_t count)
      : operands_(operands), pointers_(pointers), table_(table), at_(at), count_(count) {}

  void run(const ChainStep& s) {
    if (s.form != ChainStep::Form::sum) spread(s);
    T* x = start(s.operand);
    switch (s.form) {
      case ChainStep::Form::load:
        for (std::int64_t i = 0; i < count_; ++i) value_[i] = x[i * step(s.operand)];
        return;
      case ChainStep::Form::store:
        std::copy_n(value_, count_, x);
        return;
      case ChainStep::Form::unary:
        return table_.unary[s.function](value_, value_, count_);
      case ChainStep::Form::binary:
        return table_.binary[s.function](value_, 1, x, step(s.operand), value_, count_);
      case ChainStep::Form::reversed:
        return table_.binary[s.function](x, step(s.operand), value_, 1, value_, count_);
      case ChainStep::Form::choice:
        return choose(x, step(s.operand), start(s.other, 1), step(s.other));
      case ChainStep::Form::sum:
        if (kind(s.operand) == ChainOperand::total) return add_to_running(start(s.other));
        if (kind(s.operand) == ChainOperand::grouped) return add_groups(pointers_[s.operand]);
        if (kind(s.operand) == ChainOperand::group_sums) return write_groups(pointers_[s.operand]);
        return table_.binary[add](x, 1, value_, 1, x, count_);
    }
  }

 private:
  static constexpr auto add = static_cast<std::size_t>(Binary::add);

  /// Groups begin at multiples of the number of running values.
  void add_to_running(T* running) {
    for (std::int64_t i = 0; i < count_; ++i) running[i % running_values] += value_[i];
  }

  void add_groups(T* sums) {
    for (std::int64_t i = 0; i < count_; i += grouped_elements)
      sums[(at_ + i) / grouped_elements] += table_.sum(value_ + i, grouped_elements);
  }

  /// As if they were added to zeros.
  void write_groups(T* sums) {
    std::fill_n(sums + at_ / grouped_elements, count_ / grouped_elements, T{0});
    add_groups(sums);
  }

  /// Operands that are one for several elements, for each of them.
  void spread(const ChainStep& s) {
    if (kind(s.operand) == ChainOperand::grouped) spread(pointers_[s.operand], spread_[0]);
    if (s.form == ChainStep::Form::choice && kind(s.other) == ChainOperand::grouped)
      spread(pointers_[s.other], spread_[1]);
  }
  void spread(const T* from, T* to) const {
    for (std::int64_t i = 0; i < count_; ++i) to[i] = from[(at_ + i) / grouped_elements];
  }

  void choose(const T* yes, std::int64_t yes_step, const T* no, std::int64_t no_step) {
    for (std::int64_t i = 0; i < count_; ++i)
      value_[i] = value_[i] == T{0} ? no[i * no_step] : yes[i * yes_step];
  }

  ChainOperand kind(int operand) const { return operands_[static_cast<std::size_t>(operand)]; }
  std::int64_t step(int operand) const { return kind(operand) == ChainOperand::one_for_all ? 0 : 1; }
  T* start(int operand, int number = 0) {
    if (kind(operand) == ChainOperand::grouped) return spread_[number];
    return pointers_[operand] + (kind(operand) == ChainOperand::elements ? at_ : 0);
  }

  std::span<const ChainOperand> operands_;
  T* const* pointers_;
  const Kernels<T>& table_;
  std::int64_t at_, count_;
  alignas(64) T value_[chain_group];
  T spread_[2][chain_group];
};

}  // namespace

template <class T>
void run_chain(std::span<const ChainStep> steps, std::span<const ChainOperand> operands, T* const* pointers,
               std::int64_t n, const Kernels<T>& table) {
  for (std::int64_t at = 0; at < n; at += chain_group) {
    ChainGroup<T> group(operands, pointers, table, at, std::min(chain_group, n - at));
    for (const ChainStep& step : steps) group.run(step);
  }
}

template <class T>
void finish_sum(T* running, T* total, const Kernels<T>& table) {
  *total += table.sum(running, running_values);
  std::fill_n(running, running_values, T{0});
}

template void finish_sum(float*, float*, const Kernels<float>&);
template void finish_sum(double*, double*, const Kernels<double>&);
template void run_chain(std::span<const ChainStep>, std::span<const ChainOperand>, float* const*,
                        std::int64_t, const Kernels<float>&);
template void run_chain(std::span<const ChainStep>, std::span<const ChainOperand>, double* const*,
                        std::int64_t, const Kernels<double>&);

}  // namespace unroll
