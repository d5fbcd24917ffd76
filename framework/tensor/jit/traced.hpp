#pragma once

#include <bit>
#include <concepts>
#include <type_traits>

#include "framework/tensor/jit/recording.hpp"
#include "framework/tensor/kernels/simd.hpp"

// What stands for registers while a function of kernels/ is run to learn its instructions: each operation is
// written down. Constants belong to no recording until they meet a value that does.

namespace unroll::jit {

struct TracedSource {
  Recording* in = nullptr;
  Source source;
};

template <class T>
struct Traced : TracedSource {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

  Traced() = default;
  explicit Traced(T constant) { source.bits = std::bit_cast<Bits>(constant); }
  explicit Traced(TracedSource made) : TracedSource(made) {}

  T constant() const { return std::bit_cast<T>(static_cast<Bits>(source.bits)); }
};

struct TracedMask : TracedSource {};
struct TracedInts : TracedSource {};

inline TracedSource trace(Operation operation, TracedSource a, TracedSource b = {}, TracedSource c = {},
                          int number = 0) {
  Recording* in = a.in ? a.in : b.in ? b.in : c.in;
  return {in, {in->add({operation, a.source, b.source, c.source, number})}};
}

template <class T>
Traced<T> operator+(Traced<T> a, Traced<T> b) {
  return Traced<T>(trace(Operation::add, a, b));
}
template <class T>
Traced<T> operator-(Traced<T> a, Traced<T> b) {
  return Traced<T>(trace(Operation::sub, a, b));
}
template <class T>
Traced<T> operator*(Traced<T> a, Traced<T> b) {
  return Traced<T>(trace(Operation::mul, a, b));
}
template <class T>
Traced<T> operator/(Traced<T> a, Traced<T> b) {
  return Traced<T>(trace(Operation::div, a, b));
}
/// Of constants alone: a value would lose the sign of its zero.
template <class T>
Traced<T> operator-(Traced<T> constant) {
  return Traced<T>(-constant.constant());
}
template <class T>
Traced<T> operator&(Traced<T> a, Traced<T> b) {
  return Traced<T>(trace(Operation::bit_and, a, b));
}
template <class T>
Traced<T> operator|(Traced<T> a, Traced<T> b) {
  return Traced<T>(trace(Operation::bit_or, a, b));
}
template <class T>
Traced<T> operator^(Traced<T> a, Traced<T> b) {
  return Traced<T>(trace(Operation::bit_xor, a, b));
}
template <class T>
Traced<T> fused(Traced<T> a, Traced<T> b, Traced<T> c) {
  return Traced<T>(trace(Operation::fused, a, b, c));
}
template <class T>
Traced<T> min(Traced<T> a, Traced<T> b) {
  return Traced<T>(trace(Operation::min, a, b));
}
template <class T>
Traced<T> max(Traced<T> a, Traced<T> b) {
  return Traced<T>(trace(Operation::max, a, b));
}
template <class T>
Traced<T> sqrt(Traced<T> a) {
  return Traced<T>(trace(Operation::sqrt, a));
}

template <class T>
TracedMask operator<(Traced<T> a, Traced<T> b) {
  return {trace(Operation::less, a, b)};
}
template <class T>
TracedMask operator<=(Traced<T> a, Traced<T> b) {
  return {trace(Operation::less_equal, a, b)};
}
template <class T>
TracedMask operator>(Traced<T> a, Traced<T> b) {
  return b < a;
}
template <class T>
TracedMask operator>=(Traced<T> a, Traced<T> b) {
  return b <= a;
}
template <class T>
TracedMask operator==(Traced<T> a, Traced<T> b) {
  return {trace(Operation::equal, a, b)};
}
template <class T>
TracedMask isnan(Traced<T> a) {
  return {trace(Operation::unordered, a, a)};
}
inline TracedMask operator&(TracedMask a, TracedMask b) { return {trace(Operation::mask_and, a, b)}; }
inline TracedMask operator|(TracedMask a, TracedMask b) { return {trace(Operation::mask_or, a, b)}; }
template <class T>
Traced<T> select(TracedMask mask, Traced<T> yes, Traced<T> no) {
  return Traced<T>(trace(Operation::select, mask, yes, no));
}

inline TracedInts operator-(TracedInts a, TracedInts b) { return {trace(Operation::int_sub, a, b)}; }
inline TracedInts operator<<(TracedInts a, int bits) {
  return {trace(Operation::shift_left, a, {}, {}, bits)};
}
inline TracedInts operator>>(TracedInts a, int bits) {
  return {trace(Operation::shift_right, a, {}, {}, bits)};
}
template <class T>
TracedInts bits_of(Traced<T> x) {
  return {TracedSource(x)};
}
template <std::derived_from<TracedSource> V>
V as_real(TracedInts n) {
  return V(TracedSource(n));
}
template <std::same_as<Traced<float>> V>
V to_real(TracedInts n) {
  return V(trace(Operation::to_real, n));
}
template <std::same_as<Traced<float>> V, int n>
V look_up(const LookupTable<n>& table, TracedInts index) {
  const V value(trace(Operation::look_up, index));
  index.in->code.back().table = table.elements;
  return value;
}
template <class Of8, class Of16, class F>
Traced<float> with_fitting(Traced<float> x, const Of8& of8, const Of16& of16, F f) {
  return x.in->isa == Isa::avx512 ? f(of16) : f(of8);
}
template <class T>
std::optional<Traced<T>> scaled_in_one(Traced<T> y, Traced<T> n) {
  if (n.in->isa != Isa::avx512) return std::nullopt;
  return Traced<T>(trace(Operation::scale, y, n));
}

}  // namespace unroll::jit

template <class T>
struct unroll::VectorTraits<unroll::jit::Traced<T>> {
  using Element = T;
  using Integers = unroll::jit::TracedInts;
  static constexpr bool fuses = true;
};
