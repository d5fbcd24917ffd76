#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <type_traits>

// The intrinsics of g++ 12 start some results undefined on purpose and are warned about (GCC bug 105593).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#if defined(__x86_64__)
#include <immintrin.h>
#endif
#include <xsimd/xsimd.hpp>
#pragma GCC diagnostic pop

// One register's worth of elements, for the instruction set that the including file is compiled for.
//
// Everything here and in the other headers of this folder has internal linkage: of a function that two object
// files share the linker keeps one copy, and a copy made of AVX-512 instructions must never be what portable
// code calls.

namespace unroll {
namespace {

#if defined(__AVX512BW__) && defined(__AVX512DQ__)
using Arch = xsimd::avx512bw;
#elif defined(__AVX2__) && defined(__FMA__)
using Arch = xsimd::fma3<xsimd::avx2>;
#elif defined(__x86_64__)
using Arch = xsimd::sse2;
#else
using Arch = xsimd::default_arch;
#endif

template <class T>
using Batch = xsimd::batch<T, Arch>;

/// a * b + c, rounded once where the instruction set has a fused product.
inline Batch<float> fused(Batch<float> a, Batch<float> b, Batch<float> c) {
#if defined(__AVX512BW__)
  return Batch<float>(_mm512_fmadd_ps(a, b, c));  // xsimd 8.1 multiplies and adds in two steps here
#else
  return xsimd::fma(a, b, c);
#endif
}

inline Batch<double> fused(Batch<double> a, Batch<double> b, Batch<double> c) {
#if defined(__AVX512BW__)
  return Batch<double>(_mm512_fmadd_pd(a, b, c));
#else
  return xsimd::fma(a, b, c);
#endif
}

// Functions are written over a type of vectors, which is a register or what stands for one while code is
// made.

/// `fuses`: fused() rounds once.
template <class V>
struct VectorTraits {};
template <class T>
struct VectorTraits<Batch<T>> {
  using Element = T;
  using Integers = xsimd::batch<std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>, Arch>;
#if defined(__FMA__)
  static constexpr bool fuses = true;
#else
  static constexpr bool fuses = false;
#endif
};
template <class V>
using Element = typename VectorTraits<V>::Element;
template <class V>
using Integers = typename VectorTraits<V>::Integers;
template <class V>
concept Vector = requires {
  typename Element<V>;
};
template <class V, class T>
concept VectorOf = Vector<V> && std::same_as<Element<V>, T>;

template <class T>
Integers<Batch<T>> bits_of(Batch<T> x) {
  return xsimd::bitwise_cast<Integers<Batch<T>>>(x);
}
template <class V, class T>
V as_real(xsimd::batch<T, Arch> n) {
  return xsimd::bitwise_cast<V>(n);
}
template <class V>
V to_real(Integers<Batch<float>> n) {
  return xsimd::to_float(n);
}

/// y 2^n, where there is an instruction for it.
template <class T>
std::optional<Batch<T>> scaled_in_one([[maybe_unused]] Batch<T> y, [[maybe_unused]] Batch<T> n) {
#if defined(__AVX512BW__)
  if constexpr (sizeof(T) == sizeof(float))
    return Batch<T>(_mm512_scalef_ps(y, n));
  else
    return Batch<T>(_mm512_scalef_pd(y, n));
#else
  return std::nullopt;
#endif
}

/// Numbers of which each element takes the one that the last bits of its index say: as many as a register
/// holds.
template <int n>
struct alignas(4 * n) LookupTable {
  float elements[n];
};

#if defined(__AVX512BW__) && defined(__AVX512DQ__)
template <std::same_as<Batch<float>> V>
V look_up(const LookupTable<16>& table, Integers<V> index) {
  return V(_mm512_permutexvar_ps(index, _mm512_load_ps(table.elements)));
}
#elif defined(__AVX2__) && defined(__FMA__)
template <std::same_as<Batch<float>> V>
V look_up(const LookupTable<8>& table, Integers<V> index) {
  return V(_mm256_permutevar8x32_ps(_mm256_load_ps(table.elements), index));
}
#endif

/// f of the table, or of the set of tables, that look_up() takes for such vectors.
template <class Of8, class Of16, class F>
auto with_fitting(Batch<float>, [[maybe_unused]] const Of8& of8, [[maybe_unused]] const Of16& of16, F f) {
  if constexpr (Batch<float>::size == 16)
    return f(of16);
  else
    return f(of8);
}

template <class T>
Batch<T> load(const T* p) {
  return Batch<T>::load_unaligned(p);
}

template <class T>
void store(T* p, Batch<T> x) {
  x.store_unaligned(p);
}

template <Vector V>
V sign_of(V x) {
  return x & V(Element<V>(-0.0));
}
template <Vector V>
V magnitude(V x) {
  return x ^ sign_of(x);
}

// The first `count` elements, 0 < count <= the width of a register: nothing else is touched in memory, and
// what is not loaded is 0. This is how the end of a span goes through the same instructions as the rest.

#if defined(__AVX512BW__) && defined(__AVX512DQ__)

inline Batch<float> load_first(const float* p, std::int64_t count) {
  return Batch<float>(_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1), p));
}
inline Batch<double> load_first(const double* p, std::int64_t count) {
  return Batch<double>(_mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << count) - 1), p));
}
inline void store_first(float* p, std::int64_t count, Batch<float> x) {
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << count) - 1), x);
}
inline void store_first(double* p, std::int64_t count, Batch<double> x) {
  _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1u << count) - 1), x);
}

#elif defined(__AVX2__) && defined(__FMA__)

inline __m256i first_mask(std::int64_t bytes) {
  alignas(32) static constexpr std::int64_t window[8] = {-1, -1, -1, -1, 0, 0, 0, 0};
  const auto* start = reinterpret_cast<const char*>(window) + 32 - bytes;
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(start));
}
inline Batch<float> load_first(const float* p, std::int64_t count) {
  return Batch<float>(_mm256_maskload_ps(p, first_mask(4 * count)));
}
inline Batch<double> load_first(const double* p, std::int64_t count) {
  return Batch<double>(_mm256_maskload_pd(p, first_mask(8 * count)));
}
inline void store_first(float* p, std::int64_t count, Batch<float> x) {
  _mm256_maskstore_ps(p, first_mask(4 * count), x);
}
inline void store_first(double* p, std::int64_t count, Batch<double> x) {
  _mm256_maskstore_pd(p, first_mask(8 * count), x);
}

#else

template <class T>
Batch<T> load_first(const T* p, std::int64_t count) {
  alignas(64) T padded[Batch<T>::size] = {};
  for (std::int64_t i = 0; i < count; ++i) padded[i] = p[i];
  return load(padded);
}
template <class T>
void store_first(T* p, std::int64_t count, Batch<T> x) {
  alignas(64) T padded[Batch<T>::size];
  store(padded, x);
  for (std::int64_t i = 0; i < count; ++i) p[i] = padded[i];
}

#endif

}  // namespace
}  // namespace unroll
