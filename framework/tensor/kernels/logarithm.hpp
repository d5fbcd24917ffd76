#pragma once

#include "framework/tensor/kernels/elementary.hpp"

// log and softplus in float, within 2 ulp over the whole range, as in elementary.hpp without a branch that
// depends on a value. The polynomial is the one of S. L. Moshier's Cephes library, single precision (logf.c).

namespace unroll {
namespace {

/// log(1 + f) - f for sqrt(1/2) - 1 <= f <= sqrt(2) - 1.
inline Batch<float> log_beyond_first_order(Batch<float> f) {
  Batch<float> p(7.0376836292e-2f);
  p = fused(p, f, Batch<float>(-1.1514610310e-1f));
  p = fused(p, f, Batch<float>(1.1676998740e-1f));
  p = fused(p, f, Batch<float>(-1.2420140846e-1f));
  p = fused(p, f, Batch<float>(1.4249322787e-1f));
  p = fused(p, f, Batch<float>(-1.6668057665e-1f));
  p = fused(p, f, Batch<float>(2.0000714765e-1f));
  p = fused(p, f, Batch<float>(-2.4999993993e-1f));
  p = fused(p, f, Batch<float>(3.3333331174e-1f));
  const Batch<float> square = f * f;
  return fused(p * f, square, Batch<float>(-0.5f) * square);
}

/// n ln 2 + log(1 + f), the small parts first.
inline Batch<float> log_of_parts(Batch<float> n, Batch<float> f) {
  const Batch<float> small = fused(n, Batch<float>(ln2_low), log_beyond_first_order(f));
  return fused(n, Batch<float>(ln2_high), small + f);
}

/// x = 2^n (1 + f) with 1 + f between the square roots of 1/2 and 2; subnormal x are scaled up before.
constexpr float smallest_normal = 0x1p-126f;
constexpr float infinity = __builtin_inff();

[[gnu::always_inline]] inline Batch<float> vector_log(Batch<float> x) {
  using Int = xsimd::batch<std::int32_t, Arch>;
  const auto subnormal = x < Batch<float>(smallest_normal);
  const Int bits = xsimd::bitwise_cast<Int>(xsimd::select(subnormal, x * Batch<float>(0x1p25f), x));
  const Int n = (bits - xsimd::bitwise_cast<Int>(Batch<float>(0x1.6a09e6p-1f))) >> 23;
  const Batch<float> f = xsimd::bitwise_cast<Batch<float>>(bits - (n << 23)) - Batch<float>(1.0f);
  const Batch<float> exponent =
      xsimd::to_float(n) - xsimd::select(subnormal, Batch<float>(25.0f), Batch<float>(0.0f));
  const Batch<float> y = log_of_parts(exponent, f);

  const Batch<float> zero(0.0f), inf(infinity);
  const Batch<float> elsewhere =
      xsimd::select(x == zero, -inf, xsimd::select(x == inf, inf, Batch<float>(__builtin_nanf(""))));
  return xsimd::select((x > zero) & (x < inf), y, elsewhere);
}

/// log(1 + e^x) = max(x, 0) + log(1 + u) with u = e^-|x|: no overflow, and accurate where the result is
/// small. 1 + u is halved where it is above the square root of 2. A NaN reaches the result through x alone:
/// which of two NaNs a sum keeps is up to the compiler.
[[gnu::always_inline]] inline Batch<float> vector_softplus(Batch<float> x) {
  const Batch<float> zero(0.0f), one(1.0f), half(0.5f);
  const Reduced reduced = reduce_by_ln2(xsimd::max(x | Batch<float>(-0.0f), Batch<float>(exp_lowest)));
  const Batch<float> u = scale(exp_of_remainder(reduced.r), reduced);
  const auto above = u > Batch<float>(0x1.a8279ap-2f);
  const Batch<float> f = xsimd::select(above, (u - one) * half, u);
  const Batch<float> y = log_of_parts(xsimd::select(above, one, zero), f);
  return xsimd::select(x < zero, y, x + y);
}

}  // namespace
}  // namespace unroll
