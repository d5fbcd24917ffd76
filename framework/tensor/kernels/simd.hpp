#pragma once

#include <cstdint>
#include <cstring>

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

template <class T>
Batch<T> load(const T* p) {
  return Batch<T>::load_unaligned(p);
}

template <class T>
void store(T* p, Batch<T> x) {
  x.store_unaligned(p);
}

template <class T>
Batch<T> sign_of(Batch<T> x) {
  return x & Batch<T>(T(-0.0));
}
template <class T>
Batch<T> magnitude(Batch<T> x) {
  return x ^ sign_of(x);
}

// The first `count` elements, 0 < count < the width of a register: nothing else is touched in memory, and
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

// Halves and quarters of a register, and single elements, without a mask: a CPU hands what was stored on to a
// load in the next instructions only where neither has one (Zen 4: 3.5 ns instead of 6.5 to 7.4).

using Bits = Batch<std::int32_t>;

#if defined(__AVX2__) && defined(__FMA__)

#if defined(__AVX512BW__) && defined(__AVX512DQ__)
inline Bits widened(__m256i x) { return Bits(_mm512_zextsi256_si512(x)); }
inline __m256i narrowed(Bits x) { return _mm512_castsi512_si256(x); }
#else
inline Bits widened(__m256i x) { return Bits(x); }
inline __m256i narrowed(Bits x) { return x; }
#endif
inline Bits widened(__m128i x) { return widened(_mm256_zextsi128_si256(x)); }

template <std::int64_t bytes>
Bits load_bytes(const void* p) {
  if constexpr (bytes == 32) return widened(_mm256_loadu_si256(static_cast<const __m256i*>(p)));
  if constexpr (bytes == 16) return widened(_mm_loadu_si128(static_cast<const __m128i*>(p)));
  if constexpr (bytes == 8) return widened(_mm_loadl_epi64(static_cast<const __m128i*>(p)));
  if constexpr (bytes == 4) return widened(_mm_castps_si128(_mm_load_ss(static_cast<const float*>(p))));
}
template <std::int64_t bytes>
void store_bytes(void* p, Bits x) {
  const __m128i low = _mm256_castsi256_si128(narrowed(x));
  if constexpr (bytes == 32) _mm256_storeu_si256(static_cast<__m256i*>(p), narrowed(x));
  if constexpr (bytes == 16) _mm_storeu_si128(static_cast<__m128i*>(p), low);
  if constexpr (bytes == 8) _mm_storel_epi64(static_cast<__m128i*>(p), low);
  if constexpr (bytes == 4) _mm_store_ss(static_cast<float*>(p), _mm_castsi128_ps(low));
}

#else

template <std::int64_t bytes>
Bits load_bytes(const void* p) {
  alignas(64) std::int32_t padded[Bits::size] = {};
  std::memcpy(padded, p, bytes);
  return load(padded);
}
template <std::int64_t bytes>
void store_bytes(void* p, Bits x) {
  alignas(64) std::int32_t padded[Bits::size];
  store(padded, x);
  std::memcpy(p, padded, bytes);
}

#endif

/// As many elements as are known where it is compiled: a register, or 1, 2, 4, ... of them.
template <std::int64_t count, class T>
Batch<T> load_exactly(const T* p) {
  if constexpr (count == static_cast<std::int64_t>(Batch<T>::size))
    return load(p);
  else
    return xsimd::bitwise_cast<Batch<T>>(load_bytes<count * std::int64_t{sizeof(T)}>(p));
}
template <std::int64_t count, class T>
void store_exactly(T* p, Batch<T> x) {
  if constexpr (count == static_cast<std::int64_t>(Batch<T>::size))
    store(p, x);
  else
    store_bytes<count * std::int64_t{sizeof(T)}>(p, xsimd::bitwise_cast<Bits>(x));
}

}  // namespace
}  // namespace unroll
