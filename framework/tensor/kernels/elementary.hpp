#pragma once

#include "framework/tensor/kernels/simd.hpp"

// exp, tanh and sigmoid in float, within 2 ulp over the whole range: subnormal results, both zeros,
// infinities and NaN included. No branch depends on a value, so a register takes the same time whatever is in
// it.
//
// The argument is reduced as in Cody & Waite, Software Manual for the Elementary Functions, 1980, ch. 6:
// x = n ln 2 + r with |r| <= ln 2 / 2. The polynomials are those of S. L. Moshier's Cephes library, single
// precision (expf.c, tanhf.c).

namespace unroll {
namespace {

/// Adding it rounds |x| < 2^22 to an integer, which then stands in the low bits of the sum.
constexpr float round_shift = 0x1.8p23f;
constexpr float log2_e = 0x1.715476p0f;
/// ln 2 in two parts, the first short enough for n times it to be exact.
constexpr float ln2_high = 0x1.63p-1f;
constexpr float ln2_low = -0x1.bd0106p-13f;

/// exp(r) 2^n = exp(x); `shifted` is n + round_shift.
template <class V>
struct Reduced {
  V shifted;
  V n;
  V r;
};

template <class V>
Reduced<V> reduce_by_ln2(V x) {
  const V shifted = fused(x, V(log2_e), V(round_shift));
  const V n = shifted - V(round_shift);
  const V r = fused(n, V(-ln2_low), fused(n, V(-ln2_high), x));
  return {shifted, n, r};
}

/// exp(r) for |r| <= ln 2 / 2.
template <class V>
V exp_of_remainder(V r) {
  V p(1.9875691500e-4f);
  p = fused(p, r, V(1.3981999507e-3f));
  p = fused(p, r, V(8.3334519073e-3f));
  p = fused(p, r, V(4.1665795894e-2f));
  p = fused(p, r, V(1.6666665459e-1f));
  p = fused(p, r, V(5.0000001201e-1f));
  return fused(p, r * r, r) + V(1.0f);
}

/// 2^n as a float, for n from -126 to 127.
template <class V>
V power_of_two(Integers<V> n) {
  return as_real<V>((n + 127) << 23);
}

/// y 2^n, rounded once: 2^n itself may be out of range, its two halves are not.
template <class V>
V scale(V y, const Reduced<V>& x) {
  if (const auto scaled = scaled_in_one(y, x.n)) return *scaled;
  const Integers<V> n = bits_of(x.shifted) - bits_of(V(round_shift));
  const Integers<V> half = n >> 1;
  return y * power_of_two<V>(half) * power_of_two<V>(n - half);
}

// Of two operands, min and max give the second where either is NaN: the constant comes first to let NaN
// through.

template <class V>
V at_most(float limit, V x) {
  return min(V(limit), x);
}
template <class V>
V at_least(float limit, V x) {
  return max(V(limit), x);
}

/// Below this exp rounds to 0 and above the other limit to Inf: what lies beyond goes the same way.
constexpr float exp_lowest = -104.0f;
constexpr float exp_highest = 89.0f;

template <class V>
V vector_exp(V x) {
  const Reduced<V> reduced = reduce_by_ln2(at_least(exp_lowest, at_most(exp_highest, x)));
  return scale(exp_of_remainder(reduced.r), reduced);
}

/// 1 / (1 + e^-x), and e^x / (1 + e^x) for negative x, where it stays exact down to subnormal results. What
/// the rounded denominator lost is put back: to first order a quotient q = v / d changes by -q / d for each
/// unit of d.
template <class V>
V vector_sigmoid(V x) {
  const V one(1.0f);
  const Reduced<V> reduced = reduce_by_ln2(at_least(exp_lowest, x | V(-0.0f)));
  const V e = scale(exp_of_remainder(reduced.r), reduced);
  const V d = one + e;
  const V lost = e - (d - one);
  const auto negative = x < V(0.0f);
  const V q = select(negative, e, one) / d;
  const V reciprocal = select(negative, one - q, q);
  return q - q * reciprocal * lost;
}

/// From here on tanh rounds to 1.
constexpr float tanh_saturated = 9.25f;
/// Below it x + x^3 P(x^2), where 1 - 2 / (e^2|x| + 1) would cancel.
constexpr float tanh_small = 0.625f;

template <class V>
V tanh_near_zero(V x) {
  const V z = x * x;
  V p(-5.70498872745e-3f);
  p = fused(p, z, V(2.06390887954e-2f));
  p = fused(p, z, V(-5.37397155531e-2f));
  p = fused(p, z, V(1.33314422036e-1f));
  p = fused(p, z, V(-3.33332819422e-1f));
  return fused(p, z * x, x);
}

template <class V>
V vector_tanh(V x) {
  const V a = at_most(tanh_saturated, magnitude(x));
  const Reduced<V> reduced = reduce_by_ln2(a + a);
  const V e = scale(exp_of_remainder(reduced.r), reduced);
  const V one(1.0f);
  const V far = one - V(2.0f) / (e + one);
  return select(a < V(tanh_small), tanh_near_zero(a), far) | sign_of(x);
}

}  // namespace
}  // namespace unroll
