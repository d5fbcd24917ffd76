#pragma once

#include <utility>

#include "framework/tensor/kernels/simd.hpp"

// exp and sigmoid, within 2 ulp over the whole range: subnormal results, both zeros, infinities and NaN
// included. No branch depends on a value, so a register takes the same time whatever is in it.
//
// The argument is reduced as in Cody & Waite, Software Manual for the Elementary Functions, 1980, ch. 6:
// x = n ln 2 + r with |r| <= ln 2 / 2. In float the polynomial is that of S. L. Moshier's Cephes library,
// single precision (expf.c). In double e^r is its Taylor polynomial, which errs by less than 2^-57.

namespace unroll {
namespace {

template <class T>
struct ElementaryConstants;

template <>
struct ElementaryConstants<float> {
  /// Adding it rounds |x| < 2^22 to an integer, which then stands in the low bits of the sum.
  static constexpr float round_shift = 0x1.8p23f;
  static constexpr int mantissa_bits = 23, bias = 127;
  static constexpr float log2_e = 0x1.715476p0f;
  /// ln 2 in two parts, the first short enough for n times it to be exact.
  static constexpr float ln2_high = 0x1.63p-1f, ln2_low = -0x1.bd0106p-13f;
  /// Rounded, and what is missing, which is far less than rounding could miss.
  static constexpr float ln2 = 0x1.62e43p-1f, ln2_rest = -0x1.05c61p-29f;
  /// Below it exp rounds to 0 and above the other limit to Inf: what lies beyond goes the same way.
  static constexpr float exp_lowest = -104.0f, exp_highest = 89.0f;
  /// Of (e^r - 1 - r) / r^2, from the highest power of r on.
  static constexpr float exp_terms[] = {1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f,
                                        4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f};
};

template <>
struct ElementaryConstants<double> {
  static constexpr double round_shift = 0x1.8p52;
  static constexpr int mantissa_bits = 52, bias = 1023;
  static constexpr double log2_e = 0x1.71547652b82fep0;
  static constexpr double ln2_high = 0x1.62e42feep-1, ln2_low = 0x1.a39ef35793c76p-33;
  static constexpr double exp_lowest = -746.0, exp_highest = 710.0;
  static constexpr double exp_terms[] = {1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800,
                                         1.0 / 362880,     1.0 / 40320,     1.0 / 5040,     1.0 / 720,
                                         1.0 / 120,        1.0 / 24,        1.0 / 6,        1.0 / 2};
};

template <class V>
using Constants = ElementaryConstants<Element<V>>;

/// Coefficients from the highest power on.
template <class V, std::size_t terms>
V polynomial(const Element<V> (&coefficients)[terms], V x) {
  V p(coefficients[0]);
  for (std::size_t i = 1; i < terms; ++i) p = fused(p, x, V(coefficients[i]));
  return p;
}

/// The same of an even number of coefficients, as a polynomial in x^2 whose coefficients are c x + d: as much
/// work, and half as many additions wait for each other.
template <class V, std::size_t terms>
V polynomial_of_pairs(const Element<V> (&coefficients)[terms], V x, V square) {
  static_assert(terms % 2 == 0);
  const auto pair = [&](std::size_t i) { return fused(V(coefficients[i]), x, V(coefficients[i + 1])); };
  V p = pair(0);
  for (std::size_t i = 2; i < terms; i += 2) p = fused(p, square, pair(i));
  return p;
}

/// exp(r) 2^n = exp(x).
template <class V>
struct Reduced {
  V n, r;
};

/// In float a fused product can take n times the rounded ln 2 away at once: r is ready early, and misses so
/// little that only terms of r and r^2 need know.
template <class V>
constexpr bool remainder_is_early = sizeof(Element<V>) == sizeof(float) && VectorTraits<V>::fuses;

/// Of x = factor y, for a factor that is a power of two.
template <class V>
Reduced<V> reduce_by_ln2(V x, V y, Element<V> factor) {
  using C = Constants<V>;
  const V n = fused(y, V(factor * C::log2_e), V(C::round_shift)) - V(C::round_shift);
  if constexpr (remainder_is_early<V>) return {n, fused(n, V(-C::ln2), x)};
  return {n, fused(n, V(-C::ln2_low), fused(n, V(-C::ln2_high), x))};
}

/// exp(r) - 1 = first + square factor for |r| <= ln 2 / 2.
template <class V>
struct ExpTerms {
  V first, square, factor;
};

template <class V>
ExpTerms<V> exp_terms(V r) {
  const V square = r * r;
  return {r, square, polynomial_of_pairs(Constants<V>::exp_terms, r, square)};
}

template <class V>
V exp_of_remainder_less_one(const Reduced<V>& reduced) {
  ExpTerms<V> terms = exp_terms(reduced.r);
  if constexpr (remainder_is_early<V>) {
    terms.first = fused(reduced.n, V(-Constants<V>::ln2_rest), reduced.r);
    terms.square = terms.first * terms.first;
  }
  return fused(terms.factor, terms.square, terms.first);
}

/// 2^n in two factors: alone it may be out of range where y 2^n is not. An exponent with its bias is an
/// integer in the low bits of a sum, from where it is shifted to its place.
template <class V>
std::pair<V, V> halves_of_power_of_two(V n) {
  using C = Constants<V>;
  const V biased(C::round_shift + C::bias);
  const V half = fused(n, V(Element<V>(0.5)), biased), rest = (n - (half - biased)) + biased;
  const auto power_of_two = [](V exponent) { return as_real<V>(bits_of(exponent) << C::mantissa_bits); };
  return {power_of_two(half), power_of_two(rest)};
}

/// y 2^n, rounded once.
template <class V>
V scale(V y, V n) {
  if (const auto scaled = scaled_in_one(y, n)) return *scaled;
  const auto [half, rest] = halves_of_power_of_two(n);
  return y * half * rest;
}

template <class V>
V power_of_two(V n) {
  if (const auto power = scaled_in_one(V(Element<V>{1}), n)) return *power;
  const auto [half, rest] = halves_of_power_of_two(n);
  return half * rest;
}

// Of two operands, min and max give the second where either is NaN: the constant comes first to let NaN
// through.

template <class V>
V at_most(Element<V> limit, V x) {
  return min(V(limit), x);
}
template <class V>
V at_least(Element<V> limit, V x) {
  return max(V(limit), x);
}

template <class V>
V vector_exp(V x) {
  const V within = at_least(Constants<V>::exp_lowest, at_most(Constants<V>::exp_highest, x));
  const Reduced<V> reduced = reduce_by_ln2(within, within, Element<V>{1});
  return scale(exp_of_remainder_less_one(reduced) + V(Element<V>{1}), reduced.n);
}

/// e^x where 2^n does not overflow. That is there long before e^r is, and then e^x and e^x + 1 are one fused
/// product away. Without one, (e^r - 1) 2^n could be subnormal, and flushed, where e^x is not.
template <class V>
struct Exponential {
  V less_one;  ///< e^r - 1
  V power;     ///< 2^n

  V value() const {
    if constexpr (VectorTraits<V>::fuses) return fused(less_one, power, power);
    return (less_one + V(Element<V>{1})) * power;
  }
  V plus_one() const {
    const V one(Element<V>{1});
    if constexpr (VectorTraits<V>::fuses) return fused(less_one, power, power + one);
    return value() + one;
  }
};

/// Of x, which lies between exp_lowest and 0.
template <class V>
Exponential<V> exp_of_negative(V x) {
  const Reduced<V> reduced = reduce_by_ln2(x, x, Element<V>{1});
  return {exp_of_remainder_less_one(reduced), power_of_two(reduced.n)};
}

/// 1 / (1 + e^-x), and e^x / (1 + e^x) for negative x, where it stays exact down to subnormal results. What
/// the rounded denominator has too much is put back: to first order a quotient q = v / d changes by -q / d
/// for each unit of d. For 1 <= d <= 2 the chord of 1 / d is within an eighth of it, which is enough for so
/// little, and is there before the quotient.
template <class V>
V vector_sigmoid(V x) {
  const V one(Element<V>{1});
  const auto exp = exp_of_negative(at_least(Constants<V>::exp_lowest, x | V(Element<V>(-0.0))));
  const V e = exp.value(), d = exp.plus_one();
  const V too_much = (d - one) - e;
  const V reciprocal = fused(d, V(Element<V>(-0.5)), V(Element<V>(1.5)));
  const V q = select(x < V(Element<V>{0}), e, one) / d;
  return fused(q, too_much * reciprocal, q);
}

}  // namespace
}  // namespace unroll
