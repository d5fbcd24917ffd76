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
struct Reduced {
  Batch<float> shifted;
  Batch<float> n;
  Batch<float> r;
};

inline Reduced reduce_by_ln2(Batch<float> x) {
  const Batch<float> shifted = fused(x, Batch<float>(log2_e), Batch<float>(round_shift));
  const Batch<float> n = shifted - Batch<float>(round_shift);
  const Batch<float> r = fused(n, Batch<float>(-ln2_low), fused(n, Batch<float>(-ln2_high), x));
  return {shifted, n, r};
}

/// exp(r) for |r| <= ln 2 / 2.
inline Batch<float> exp_of_remainder(Batch<float> r) {
  Batch<float> p(1.9875691500e-4f);
  p = fused(p, r, Batch<float>(1.3981999507e-3f));
  p = fused(p, r, Batch<float>(8.3334519073e-3f));
  p = fused(p, r, Batch<float>(4.1665795894e-2f));
  p = fused(p, r, Batch<float>(1.6666665459e-1f));
  p = fused(p, r, Batch<float>(5.0000001201e-1f));
  return fused(p, r * r, r) + Batch<float>(1.0f);
}

/// 2^n as a float, for n from -126 to 127.
inline Batch<float> power_of_two(xsimd::batch<std::int32_t, Arch> n) {
  return xsimd::bitwise_cast<Batch<float>>((n + 127) << 23);
}

/// y 2^n, rounded once: 2^n itself may be out of range, its two halves are not.
inline Batch<float> scale(Batch<float> y, const Reduced& x) {
#if defined(__AVX512BW__)
  return Batch<float>(_mm512_scalef_ps(y, x.n));
#else
  using Int = xsimd::batch<std::int32_t, Arch>;
  const Int n = xsimd::bitwise_cast<Int>(x.shifted) - xsimd::bitwise_cast<Int>(Batch<float>(round_shift));
  const Int half = n >> 1;
  return y * power_of_two(half) * power_of_two(n - half);
#endif
}

// Of two operands, min and max give the second where either is NaN: the constant comes first to let NaN
// through.

inline Batch<float> at_most(float limit, Batch<float> x) { return xsimd::min(Batch<float>(limit), x); }
inline Batch<float> at_least(float limit, Batch<float> x) { return xsimd::max(Batch<float>(limit), x); }

/// Below this exp rounds to 0 and above the other limit to Inf: what lies beyond goes the same way.
constexpr float exp_lowest = -104.0f;
constexpr float exp_highest = 89.0f;

[[gnu::always_inline]] inline Batch<float> vector_exp(Batch<float> x) {
  const Reduced reduced = reduce_by_ln2(at_least(exp_lowest, at_most(exp_highest, x)));
  return scale(exp_of_remainder(reduced.r), reduced);
}

/// 1 / (1 + e^-x), and e^x / (1 + e^x) for negative x, where it stays exact down to subnormal results. What
/// the rounded denominator lost is put back: to first order a quotient q = v / d changes by -q / d for each
/// unit of d.
[[gnu::always_inline]] inline Batch<float> vector_sigmoid(Batch<float> x) {
  const Batch<float> one(1.0f);
  const Reduced reduced = reduce_by_ln2(at_least(exp_lowest, x | Batch<float>(-0.0f)));
  const Batch<float> e = scale(exp_of_remainder(reduced.r), reduced);
  const Batch<float> d = one + e;
  const Batch<float> lost = e - (d - one);
  const auto negative = x < Batch<float>(0.0f);
  const Batch<float> q = xsimd::select(negative, e, one) / d;
  const Batch<float> reciprocal = xsimd::select(negative, one - q, q);
  return q - q * reciprocal * lost;
}

/// From here on tanh rounds to 1.
constexpr float tanh_saturated = 9.25f;
/// Below it x + x^3 P(x^2), where 1 - 2 / (e^2|x| + 1) would cancel.
constexpr float tanh_small = 0.625f;

inline Batch<float> tanh_near_zero(Batch<float> x) {
  const Batch<float> z = x * x;
  Batch<float> p(-5.70498872745e-3f);
  p = fused(p, z, Batch<float>(2.06390887954e-2f));
  p = fused(p, z, Batch<float>(-5.37397155531e-2f));
  p = fused(p, z, Batch<float>(1.33314422036e-1f));
  p = fused(p, z, Batch<float>(-3.33332819422e-1f));
  return fused(p, z * x, x);
}

[[gnu::always_inline]] inline Batch<float> vector_tanh(Batch<float> x) {
  const Batch<float> a = at_most(tanh_saturated, magnitude(x));
  const Reduced reduced = reduce_by_ln2(a + a);
  const Batch<float> e = scale(exp_of_remainder(reduced.r), reduced);
  const Batch<float> one(1.0f);
  const Batch<float> far = one - Batch<float>(2.0f) / (e + one);
  return xsimd::select(a < Batch<float>(tanh_small), tanh_near_zero(a), far) | sign_of(x);
}

}  // namespace
}  // namespace unroll
