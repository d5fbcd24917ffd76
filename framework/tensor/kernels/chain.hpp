#pragma once

#include <utility>

#include "framework/tensor/kernels.hpp"
#include "framework/tensor/kernels/binary.hpp"
#include "framework/tensor/kernels/unary.hpp"

// Chains of elementwise functions: an interpreter whose accumulator is a group of registers, so that a value
// that only the next step reads never goes to memory. Every step is the function that the span kernels are
// made of, and gives the same bits.

namespace unroll {
namespace {

/// Registers of the largest group: enough for the cost of a step to be the work and not the jump to it, few
/// enough to leave registers to the functions.
constexpr int group_registers = 8;

/// What the steps pass on, in `registers` registers. By value, so that it is never memory.
template <class T, int registers>
struct ChainValue {
  Batch<T> part[registers];
};

/// The elements from `at` on that a value stands for: `registers` full registers, or the first `count`
/// elements of them.
template <class T, int registers, bool whole>
class Group {
 public:
  static constexpr std::int64_t lanes = Batch<T>::size;
  using Value = ChainValue<T, registers>;

  Group(const ChainOperand<T>* operands, const Kernels<T>& table, std::int64_t at, std::int64_t count)
      : operands_(operands), table_(table), at_(at), count_(whole ? registers * lanes : count) {}

  [[gnu::flatten]] void run(const ChainStep* steps, std::int64_t count) const {
    Value value{};
    for (const ChainStep* s = steps; s != steps + count; ++s) value = step(*s, value);
  }

 private:
  [[gnu::always_inline]] Value step(const ChainStep& s, Value value) const {
    switch (s.form) {
      case ChainStep::Form::load:
        return with(value, s.operand, [](Batch<T>, Batch<T> b) { return b; });
      case ChainStep::Form::store:
        write(value, at(s.operand));
        return value;
      case ChainStep::Form::unary:
        return unary(s.function, value);
      case ChainStep::Form::binary:
        return binary(s.function, value, s.operand);
      case ChainStep::Form::reversed:
        return reversed(s.function, value, s.operand);
      case ChainStep::Form::choice:
        return choose(value, s.operand, s.other);
    }
    return value;
  }

  [[gnu::always_inline]] T* at(int operand) const {
    const ChainOperand<T>& o = operands_[operand];
    return o.p + (o.moves ? at_ : 0);
  }

  template <class F>
  [[gnu::always_inline]] static Value each(F f) {
    return [&]<int... i>(std::integer_sequence<int, i...>) { return Value{{f(i)...}}; }
    (std::make_integer_sequence<int, registers>());
  }

  /// f(value, operand).
  template <class F>
  [[gnu::always_inline]] Value with(Value value, int operand, F f) const {
    const T* p = at(operand);
    if (operands_[operand].one_for_all) {
      const Batch<T> b(*p);
      return each([&](int i) { return f(value.part[i], b); });
    }
    return each([&](int i) { return f(value.part[i], read(p, i)); });
  }

  template <class F>
  [[gnu::always_inline]] static Value map(Value value, F f) {
    return each([&](int i) { return f(value.part[i]); });
  }

  /// The same for a function of many instructions, of which a CPU has no more than four under way.
  template <class F>
  [[gnu::always_inline]] static Value map_long(Value value, F f) {
    if constexpr (registers <= 4) return map(value, f);
    alignas(64) T buffer[registers * lanes];
    each([&](int i) {
      store<T>(buffer + i * lanes, value.part[i]);
      return value.part[i];
    });
#pragma GCC unroll 1
    for (int i = 0; i < registers; ++i) store<T>(buffer + i * lanes, f(load<T>(buffer + i * lanes)));
    return each([&](int i) { return load<T>(buffer + i * lanes); });
  }

  /// Whether register i is full: all but the last ones are, for a smaller group would do else.
  [[gnu::always_inline]] bool full(int i) const {
    return whole || i < registers / 2 || (registers > 1 && count_ >= (i + 1) * lanes);
  }

  [[gnu::always_inline]] Batch<T> read(const T* p, int i) const {
    if (full(i)) return load(p + i * lanes);
    const std::int64_t left = count_ - i * lanes;
    return i == 0 || left > 0 ? load_first(p + i * lanes, left) : Batch<T>(T{0});
  }

  [[gnu::always_inline]] void write(Value value, T* p) const {
    each([&](int i) {
      const std::int64_t left = count_ - i * lanes;
      if (full(i))
        store<T>(p + i * lanes, value.part[i]);
      else if (i == 0 || left > 0)
        store_first(p + i * lanes, left, value.part[i]);
      return value.part[i];
    });
  }

  /// What is no function of registers goes through the span kernels.
  template <class F>
  [[gnu::always_inline]] Value through_memory(Value value, F f) const {
    alignas(64) T buffer[registers * lanes];
    write(value, buffer);
    f(buffer);
    return each([&](int i) { return read(buffer, i); });
  }

  std::int64_t step_of(int operand) const { return operands_[operand].one_for_all ? 0 : 1; }

  [[gnu::always_inline]] Value unary(int index, Value start) const {
    return with_function<Unary>(
        index, start, [&](auto f, Value value) __attribute__((always_inline)) {
          if constexpr (OfRegisters<decltype(f), T> && f.long_form)
            return map_long(value, f);
          else if constexpr (OfRegisters<decltype(f), T>)
            return map(value, f);
          else
            return through_memory(value, [&](T* y) { table_.unary[index](y, y, count_); });
        });
  }

  [[gnu::always_inline]] Value binary(int index, Value start, int operand) const {
    return with_function<Binary>(
        index, start, [&](auto f, Value value) __attribute__((always_inline)) {
          if constexpr (OfRegisters<decltype(f), T>)
            return with(value, operand, f);
          else
            return through_memory(
                value, [&](T* y) { table_.binary[index](y, 1, at(operand), step_of(operand), y, count_); });
        });
  }

  /// f(operand, value).
  [[gnu::always_inline]] Value reversed(int index, Value start, int operand) const {
    return with_function<Binary>(
        index, start, [&](auto f, Value value) __attribute__((always_inline)) {
          if constexpr (OfRegisters<decltype(f), T>)
            return with(value, operand, [f](Batch<T> a, Batch<T> b) { return f(b, a); });
          else
            return through_memory(
                value, [&](T* y) { table_.binary[index](at(operand), step_of(operand), y, 1, y, count_); });
        });
  }

  /// value is not 0 ? operand : other.
  [[gnu::always_inline]] Value choose(Value value, int operand, int other) const {
    const auto take = [](Batch<T>, Batch<T> b) { return b; };
    const Value chosen = with(value, operand, take), otherwise = with(value, other, take);
    return each([&](int i) {
      return xsimd::select(value.part[i] == Batch<T>(T{0}), otherwise.part[i], chosen.part[i]);
    });
  }

  const ChainOperand<T>* operands_;
  const Kernels<T>& table_;
  std::int64_t at_, count_;
};

/// Up to four registers as one group of as few as hold them.
template <class T, const Kernels<T>& table, int registers = 4>
void run_rest(const ChainStep* steps, std::int64_t count, const ChainOperand<T>* operands, std::int64_t at,
              std::int64_t n) {
  constexpr std::int64_t lanes = Batch<T>::size;
  if constexpr (registers > 1)
    if (n <= registers / 2 * lanes) return run_rest<T, table, registers / 2>(steps, count, operands, at, n);
  if (n == registers * lanes)
    Group<T, registers, true>(operands, table, at, n).run(steps, count);
  else
    Group<T, registers, false>(operands, table, at, n).run(steps, count);
}

template <class T, const Kernels<T>& table>
void run_chain(const ChainStep* steps, std::int64_t count, const ChainOperand<T>* operands, std::int64_t n) {
  constexpr std::int64_t group = group_registers * Batch<T>::size;
  std::int64_t at = 0;
  for (; at + group <= n; at += group)
    Group<T, group_registers, true>(operands, table, at, group).run(steps, count);
  if (at + group / 2 < n) {
    Group<T, group_registers / 2, true>(operands, table, at, group / 2).run(steps, count);
    at += group / 2;
  }
  if (at < n) run_rest<T, table>(steps, count, operands, at, n - at);
}

}  // namespace
}  // namespace unroll
