#pragma once

#include <bit>

#include "framework/tensor/kernels/elementary.hpp"

// tanh, within 2 ulp over the whole range, odd to the last bit, and as in elementary.hpp without a branch
// that depends on a value.

namespace unroll {
namespace {

// ---- By exp: in double, and in float where there is neither a fused product nor a permutation -------------

template <class T>
struct TanhConstants;

template <>
struct TanhConstants<float> {
  /// From here on tanh rounds to 1.
  static constexpr float saturated = 9.25f;
};
template <>
struct TanhConstants<double> {
  static constexpr double saturated = 19.5;
};

/// tanh(x) for 0 <= x < tanh_small, by S. L. Moshier's Cephes library (tanhf.c, tanh.c).
template <VectorOf<float> V>
V tanh_near_zero(V x) {
  static constexpr float p[] = {-5.70498872745e-3f, 2.06390887954e-2f, -5.37397155531e-2f, 1.33314422036e-1f,
                                -3.33332819422e-1f};
  const V z = x * x;
  return fused(polynomial(p, z), z * x, x);
}

template <VectorOf<double> V>
V tanh_near_zero(V x) {
  static constexpr double p[] = {-9.64399179425052238628e-1, -9.92877231001918586564e1,
                                 -1.61468768441708447952e3};
  static constexpr double q[] = {1.0, 1.12811678491632931402e2, 2.23548839060100448583e3,
                                 4.84406305325125486048e3};
  const V z = x * x;
  return fused(polynomial(p, z) / polynomial(q, z), z * x, x);
}

/// e^2x + 1 for 0 <= x <= saturated, less accurate and sooner: what r misses is not put back, and the highest
/// terms are the last ones to come in.
template <class V>
V exp_of_twice_plus_one(V x) {
  const Reduced<V> reduced = reduce_by_ln2(x + x, x, Element<V>{2});
  const ExpTerms<V> terms = exp_terms(reduced.r);
  const V power = power_of_two(reduced.n), more = power + V(Element<V>{1});
  return fused(power * terms.square, terms.factor, fused(power, terms.first, more));
}

/// Below it 1 - 2 / (e^2|x| + 1) would cancel.
constexpr float tanh_small = 0.625f;

template <class V>
V tanh_by_exp(V x) {
  const V a = at_most(TanhConstants<Element<V>>::saturated, magnitude(x));
  const V sign = sign_of(x);
  const V near = tanh_near_zero(a) | sign;
  const V far = (V(Element<V>{1}) | sign) - (V(Element<V>{2}) | sign) / exp_of_twice_plus_one(a);
  return select(a < V(Element<V>{tanh_small}), near, far);
}

// ---- By tables: in float, in three fifths of that time by eight intervals, in half of it by sixteen -------

/// On each of n intervals a polynomial of r = x - node, from the constant on. Each is of least greatest error
/// relative to tanh among those whose lower coefficients have been rounded to float, and the nodes are floats
/// whose tanh is within 0.0002 ulp of a float (S. Gal, Computing elementary functions: a new approach for
/// achieving high accuracy and good performance, 1986), so that the constants, exact, are the last ones to
/// come in. The error is below 1.1 ulp. Sixteen intervals take two terms less than eight, a fifth of the
/// time, where one permutation looks up among as many: with AVX2 it would be two and a choice for each term.
template <int n, int count>
struct TanhTables {
  LookupTable<n> nodes, terms[count];
};
constexpr TanhTables<8, 8> tanh_by_8 = {
    {0x0p+0f, 0x1.d7182ap-2f, 0x1.d6d56ap-1f, 0x1.88c8dep+0f, 0x1.3b0232p+1f, 0x1.d7ab6ap+1f, 0x1.6216a8p+2f,
     0x1.fe28p+2f},
    {
        {0x0p+0f, 0x1.b87358p-2f, 0x1.738fd4p-1f, 0x1.d28394p-1f, 0x1.f8983ap-1f, 0x1.ff5af6p-1f,
         0x1.fffbe6p-1f, 0x1.fffff8p-1f},
        {0x1p+0f, 0x1.a1466ap-1f, 0x1.e4b5cep-2f, 0x1.5bb96ap-3f, 0x1.d6843ep-6f, 0x1.49deccp-9f,
         0x1.0673bcp-14f, 0x1.fff8c4p-22f},
        {-0x1.4e1bcap-23f, -0x1.66f682p-2f, -0x1.5fc24p-2f, -0x1.3cd51p-3f, -0x1.cfb34cp-6f, -0x1.4976cp-9f,
         -0x1.071808p-14f, -0x1.00957ap-21f},
        {-0x1.5552d8p-2f, -0x1.ef25a8p-4f, 0x1.76d14ep-4f, 0x1.598e5cp-4f, 0x1.2c2472p-6f, 0x1.b62b2ap-10f,
         0x1.5eb8aap-15f, 0x1.55a15ap-22f},
        {-0x1.915906p-13f, 0x1.59c726p-3f, 0x1.8abadap-5f, -0x1.9ead42p-6f, -0x1.1ad332p-7f, -0x1.b3633p-11f,
         -0x1.5458f2p-16f, -0x1.4c17cep-23f},
        {0x1.14a09ep-3f, -0x1.c8fff4p-7f, -0x1.c211dap-5f, -0x1.560774p-10f, 0x1.8e6e18p-9f, 0x1.591b1p-12f,
         0x1.111986p-17f, 0x1.0d7b42p-24f},
        {-0x1.f2b684p-8f, -0x1.d5eep-5f, 0x1.dcc1bp-7f, 0x1.a04b02p-8f, -0x1.6d7b62p-11f, -0x1.d7a264p-14f,
         -0x1.c9a30cp-19f, -0x1.be557ep-26f},
        {-0x1.4804fp-5f, 0x1.2b3452p-6f, 0x1.0ce6eep-7f, -0x1.d8e1ecp-9f, 0x1.e6f11p-16f, 0x1.f9faf8p-16f,
         0x1.01705ap-20f, 0x1.e139a4p-28f},
    }};
constexpr TanhTables<16, 6> tanh_by_16 = {
    {0x0p+0f, 0x1.d89f1ep-3f, 0x1.89d8a4p-2f, 0x1.13b636p-1f, 0x1.89cf46p-1f, 0x1.13bb22p+0f, 0x1.627084p+0f,
     0x1.b12b3ep+0f, 0x1.13c04ap+1f, 0x1.627552p+1f, 0x1.b13c36p+1f, 0x1.000344p+2f, 0x1.3b291p+2f,
     0x1.89c0e2p+2f, 0x1.d87098p+2f, 0x1.154174p+3f},
    {
        {0x0p+0f, 0x1.d06814p-3f, 0x1.778292p-2f, 0x1.f7a7ep-2f, 0x1.4afa3ep-1f, 0x1.958fa6p-1f,
         0x1.c39074p-1f, 0x1.de6af8p-1f, 0x1.f26864p-1f, 0x1.fbfd16p-1f, 0x1.fed346p-1f, 0x1.ffa82p-1f,
         0x1.fff228p-1f, 0x1.fffedp-1f, 0x1.ffffe6p-1f, 0x1.fffffep-1f},
        {0x1p+0f, 0x1.e5ac34p-1f, 0x1.bb2606p-1f, 0x1.84235cp-1f, 0x1.2a0af2p-1f, 0x1.7d802ap-2f,
         0x1.c6f36ap-3f, 0x1.03d8bap-3f, 0x1.ad2d74p-5f, 0x1.ff7232p-7f, 0x1.2c61cap-8f, 0x1.5f61fap-10f,
         0x1.bb069ap-13f, 0x1.3006fep-16f, 0x1.a007bap-20f, 0x1.002b64p-23f},
        {0x1.d5325ep-21f, -0x1.b88664p-3f, -0x1.45032cp-2f, -0x1.7dcfd6p-2f, -0x1.815584p-2f, -0x1.2e321cp-2f,
         -0x1.91411ep-3f, -0x1.e59bf6p-4f, -0x1.a1c404p-5f, -0x1.fb5f1p-7f, -0x1.2ba4e4p-8f, -0x1.5f1644p-10f,
         -0x1.b9aabep-13f, -0x1.2f2072p-16f, -0x1.9ece08p-20f, -0x1.ff026cp-24f},
        {-0x1.5562a4p-2f, -0x1.11d53p-2f, -0x1.607b2p-3f, -0x1.1bdcccp-4f, 0x1.9324p-5f, 0x1.c0d4b8p-4f,
         0x1.947c74p-4f, 0x1.18878cp-4f, 0x1.07a70cp-5f, 0x1.4cf26ep-7f, 0x1.8db0dap-9f, 0x1.d37b3p-11f,
         0x1.264588p-13f, 0x1.942c76p-17f, 0x1.14990ep-20f, 0x1.5127aap-24f},
        {0x1.cac718p-11f, 0x1.0e01p-3f, 0x1.58e6fap-3f, 0x1.43a37p-3f, 0x1.7fa40ep-4f, 0x1.8fd596p-7f,
         -0x1.5f2d2ep-6f, -0x1.8f7bc6p-6f, -0x1.d81438p-7f, -0x1.470ad6p-8f, -0x1.90ad46p-10f,
         -0x1.da6f14p-12f, -0x1.3c6e7cp-14f, -0x1.b2ab72p-18f, -0x1.296b12p-21f, -0x1.6a2974p-25f},
        {0x1.06be9p-3f, 0x1.489602p-4f, 0x1.d4f3a6p-7f, -0x1.330d2ep-5f, -0x1.02eed6p-4f, -0x1.34351ap-5f,
         -0x1.27156p-7f, 0x1.69830ep-9f, 0x1.1c652ap-8f, 0x1.e7c4d4p-10f, 0x1.3a493p-11f, 0x1.797c28p-13f,
         0x1.fab45p-16f, 0x1.5a702cp-19f, 0x1.d8e968p-23f, 0x1.4be5fp-26f},
    }};

/// The intervals as float has them: 2 + 3.25 x lies between 2 and 32 for x up to 9.2, from where on tanh is
/// 1, and the lower bits of its exponent with the first bits of its mantissa count halves or quarters of
/// octaves. They are short where tanh bends.
constexpr float tanh_scale = 3.25f, tanh_shift = 2.0f, tanh_last = 9.2f;

template <VectorOf<float> V, int n, int count>
V tanh_by_tables(V x, const TanhTables<n, count>& tables) {
  constexpr int intervals_of_octave = n / 4, first_bits = std::countr_zero(unsigned{intervals_of_octave});
  const V sign = sign_of(x), a = at_most(tanh_last, x ^ sign);
  const auto interval =
      bits_of(fused(a, V(tanh_scale), V(tanh_shift))) >> (Constants<V>::mantissa_bits - first_bits);
  const V r = a - look_up<V>(tables.nodes, interval);
  const auto term = [&](int power) { return look_up<V>(tables.terms[power], interval); };
  const auto pair = [&](int power) { return fused(term(power + 1), r, term(power)); };
  const V square = r * r;
  V high = pair(count - 2);
  for (int power = count - 4; power > 0; power -= 2) high = fused(high, square, pair(power));
  return fused(fused(high, r, term(1)), r, term(0)) | sign;
}

template <class V>
V vector_tanh(V x) {
  if constexpr (sizeof(Element<V>) == sizeof(float) && VectorTraits<V>::fuses)
    return with_fitting(x, tanh_by_8, tanh_by_16,
                        [&](const auto& tables) { return tanh_by_tables(x, tables); });
  else
    return tanh_by_exp(x);
}

}  // namespace
}  // namespace unroll
