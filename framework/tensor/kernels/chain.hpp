#pragma once

#include <type_traits>
#include <utility>

#include "framework/tensor/kernels.hpp"
#include "framework/tensor/kernels/arithmetic.hpp"
#include "framework/tensor/kernels/elementary.hpp"
#include "framework/tensor/kernels/simd.hpp"

// Chains of elementwise functions: an interpreter whose accumulator is a group of registers, so that a value
// that only the next step reads never goes to memory. Every step is the function that the span kernels are
// made of, and gives the same bits.

namespace unroll {
namespace {

/// Registers of one group: enough for the cost of a step to be the work and not the jump to it, few enough to
/// leave registers to the functions.
constexpr int group_registers = 8;

/// The accumulator: `registers` full registers, or the first `count` elements of them.
template <class T, int registers, bool whole>
class Group {
 public:
  static constexpr std::int64_t lanes = Batch<T>::size;
  using Indices = std::make_integer_sequence<int, registers>;

  Group(const ChainOperand<T>* operands, const Kernels<T>& table, std::int64_t at, std::int64_t count)
      : operands_(operands), table_(table), at_(at), count_(whole ? registers * lanes : count) {}

  void step(const ChainStep& s) {
    switch (s.form) {
      case ChainStep::Form::load:
        return with(s.operand, [](Batch<T>, Batch<T> b) { return b; });
      case ChainStep::Form::store:
        return write(at(s.operand));
      case ChainStep::Form::unary:
        return unary(static_cast<Unary>(s.function));
      case ChainStep::Form::binary:
        return binary(static_cast<Binary>(s.function), s.operand);
      case ChainStep::Form::reversed:
        return reversed(static_cast<Binary>(s.function), s.operand);
      case ChainStep::Form::choice:
        return choose(s.operand, s.other);
    }
  }

 private:
  T* at(int operand) const {
    const ChainOperand<T>& o = operands_[operand];
    return o.p + (o.moves ? at_ : 0);
  }

  template <class F, int... i>
  void each(F f, std::integer_sequence<int, i...>) {
    ((value_[i] = f(value_[i], i)), ...);
  }

  /// value = f(value, operand).
  template <class F>
  void with(int operand, F f) {
    const T* p = at(operand);
    if (operands_[operand].one_for_all) {
      const Batch<T> b(*p);
      each([&](Batch<T> a, int) { return f(a, b); }, Indices());
    } else {
      each([&](Batch<T> a, int i) { return f(a, read(p, i)); }, Indices());
    }
  }

  template <class F>
  void map(F f) {
    each([&](Batch<T> a, int) { return f(a); }, Indices());
  }

  Batch<T> read(const T* p, int i) const {
    const std::int64_t left = count_ - i * lanes;
    if (whole || left >= lanes) return load(p + i * lanes);
    return left > 0 ? load_first(p + i * lanes, left) : Batch<T>(T{0});
  }

  void write(T* p) {
    each(
        [&](Batch<T> a, int i) {
          const std::int64_t left = count_ - i * lanes;
          if (whole || left >= lanes)
            store<T>(p + i * lanes, a);
          else if (left > 0)
            store_first(p + i * lanes, left, a);
          return a;
        },
        Indices());
  }

  /// What is rare, or no function of a register, goes through the span kernels.
  template <class F>
  void through_memory(F f) {
    alignas(64) T buffer[registers * lanes];
    write(buffer);
    f(buffer);
    each([&](Batch<T>, int i) { return read(buffer, i); }, Indices());
  }

  std::int64_t step_of(int operand) const { return operands_[operand].one_for_all ? 0 : 1; }

  void unary(Unary f) {
    switch (f) {
      case Unary::neg:
        return map(Neg<T>());
      case Unary::square:
        return map(Square<T>());
      case Unary::relu:
        return map(Relu<T>());
      default:
        break;
    }
    if constexpr (std::is_same_v<T, float>) {
      if (f == Unary::tanh) return map(Tanh());
      if (f == Unary::sigmoid) return map(Sigmoid());
      if (f == Unary::exp) return map(Exp());
    }
    through_memory([&](T* y) { table_[f](y, y, count_); });
  }

  void binary(Binary f, int operand) {
    switch (f) {
      case Binary::add:
        return with(operand, Add<T>());
      case Binary::sub:
        return with(operand, Sub<T>());
      case Binary::mul:
        return with(operand, Mul<T>());
      case Binary::div:
        return with(operand, Div<T>());
      default:
        break;
    }
    through_memory([&](T* y) { table_[f](y, 1, at(operand), step_of(operand), y, count_); });
  }

  /// value = f(operand, value).
  void reversed(Binary f, int operand) {
    switch (f) {
      case Binary::add:
        return with(operand, [](Batch<T> a, Batch<T> b) { return b + a; });
      case Binary::sub:
        return with(operand, [](Batch<T> a, Batch<T> b) { return b - a; });
      case Binary::mul:
        return with(operand, [](Batch<T> a, Batch<T> b) { return b * a; });
      default:
        break;
    }
    through_memory([&](T* y) { table_[f](at(operand), step_of(operand), y, 1, y, count_); });
  }

  /// value = value is not 0 ? operand : other.
  void choose(int operand, int other) {
    const Group condition = *this;
    with(operand, [](Batch<T>, Batch<T> b) { return b; });
    const Group chosen = *this;
    with(other, [](Batch<T>, Batch<T> b) { return b; });
    each([&](Batch<T> c,
             int i) { return xsimd::select(condition.value_[i] == Batch<T>(T{0}), c, chosen.value_[i]); },
         Indices());
  }

  const ChainOperand<T>* operands_;
  const Kernels<T>& table_;
  std::int64_t at_, count_;
  Batch<T> value_[registers];
};

template <class Registers>
void run_steps(Registers registers, const ChainStep* steps, std::int64_t count) {
  for (std::int64_t s = 0; s < count; ++s) registers.step(steps[s]);
}

template <class T, const Kernels<T>& table>
void run_chain(const ChainStep* steps, std::int64_t count, const ChainOperand<T>* operands, std::int64_t n) {
  constexpr std::int64_t lanes = Batch<T>::size, group = group_registers * lanes;
  std::int64_t at = 0;
  for (; at + group <= n; at += group)
    run_steps(Group<T, group_registers, true>(operands, table, at, group), steps, count);
  if (n - at > 2 * lanes)
    return run_steps(Group<T, group_registers, false>(operands, table, at, n - at), steps, count);
  for (; at < n; at += lanes)
    run_steps(Group<T, 1, false>(operands, table, at, n - at < lanes ? n - at : lanes), steps, count);
}

}  // namespace
}  // namespace unroll
