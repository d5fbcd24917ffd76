#pragma once

#include "framework/tensor/kernels/elementary.hpp"

// log and softplus in float, within 2 ulp over the whole range, as in elementary.hpp without a branch that
// depends on a value. The polynomial is the one of S. L. Moshier's Cephes library, single precision (logf.c).

namespace unroll {
namespace {

/// log(1 + f) - f for sqrt(1/2) - 1 <= f <= sqrt(2) - 1.
template <class V>
V log_beyond_first_order(V f) {
  V p(7.0376836292e-2f);
  p = fused(p, f, V(-1.1514610310e-1f));
  p = fused(p, f, V(1.1676998740e-1f));
  p = fused(p, f, V(-1.2420140846e-1f));
  p = fused(p, f, V(1.4249322787e-1f));
  p = fused(p, f, V(-1.6668057665e-1f));
  p = fused(p, f, V(2.0000714765e-1f));
  p = fused(p, f, V(-2.4999993993e-1f));
  p = fused(p, f, V(3.3333331174e-1f));
  const V square = f * f;
  return fused(p * f, square, V(-0.5f) * square);
}

/// n ln 2 + log(1 + f), the small parts first.
template <class V>
V log_of_parts(V n, V f) {
  const V small = fused(n, V(Constants<V>::ln2_low), log_beyond_first_order(f));
  return fused(n, V(Constants<V>::ln2_high), small + f);
}

/// x = 2^n (1 + f) with 1 + f between the square roots of 1/2 and 2; subnormal x are scaled up before.
constexpr float smallest_normal = 0x1p-126f;
constexpr float infinity = __builtin_inff();

template <class V>
V vector_log(V x) {
  const auto subnormal = x < V(smallest_normal);
  const Integers<V> bits = bits_of(select(subnormal, x * V(0x1p25f), x));
  const Integers<V> n = (bits - bits_of(V(0x1.6a09e6p-1f))) >> 23;
  const V f = as_real<V>(bits - (n << 23)) - V(1.0f);
  const V exponent = to_real<V>(n) - select(subnormal, V(25.0f), V(0.0f));
  const V y = log_of_parts(exponent, f);

  const V zero(0.0f), inf(infinity);
  const V elsewhere = select(x == zero, -inf, select(x == inf, inf, V(__builtin_nanf(""))));
  return select((x > zero) & (x < inf), y, elsewhere);
}

/// log(1 + e^x) = max(x, 0) + log(1 + u) with u = e^-|x|: no overflow, and accurate where the result is
/// small. 1 + u is halved where it is above the square root of 2. A NaN reaches the result through x alone:
/// which of two NaNs a sum keeps is up to the compiler.
template <class V>
V vector_softplus(V x) {
  const V zero(0.0f), one(1.0f), half(0.5f);
  const V u = exp_of_negative(max(x | V(-0.0f), V(Constants<V>::exp_lowest))).value();
  const auto above = u > V(0x1.a8279ap-2f);
  const V f = select(above, (u - one) * half, u);
  const V y = log_of_parts(select(above, one, zero), f);
  return select(x < zero, y, x + y);
}

}  // namespace
}  // namespace unroll
