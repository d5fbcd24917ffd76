#pragma once

#include "framework/tensor/kernels/simd.hpp"

// Reductions keep 16 running values (the maximum 64, each of whose steps takes long), of which value j takes
// the elements j, j + 16, j + 32, ..., and combine them as a tree: value j with j + 8, then j + 4, j + 2,
// j + 1. The order is part of the definition, so that registers of 2, 4, 8 and 16 elements give the same
// bits.

namespace unroll {
namespace {

template <class T>
struct Sum {
  static constexpr std::int64_t running = 16;
  static constexpr T start = T{0};
  Batch<T> operator()(Batch<T> a, Batch<T> b) const { return a + b; }
  T operator()(T a, T b) const { return a + b; }
};

template <class T>
struct Max {
  static constexpr std::int64_t running = 64;
  static constexpr T start = -static_cast<T>(__builtin_inf());
  Batch<T> operator()(Batch<T> a, Batch<T> b) const { return xsimd::select((a > b) | xsimd::isnan(a), a, b); }
  T operator()(T a, T b) const { return a > b || a != a ? a : b; }
};

template <class T, class Combine>
T reduce(const T* x, std::int64_t n) {
  constexpr std::int64_t width = Batch<T>::size, running = Combine::running;
  constexpr std::int64_t registers = running / width;
  const Combine combine;
  Batch<T> value[registers];
  for (auto& v : value) v = Batch<T>(Combine::start);
  std::int64_t i = 0;
  for (; i + running <= n; i += running)
    for (std::int64_t r = 0; r < registers; ++r) value[r] = combine(value[r], load(x + i + r * width));

  alignas(64) T end[running];
  for (std::int64_t r = 0; r < registers; ++r) store<T>(end + r * width, value[r]);
  for (std::int64_t j = 0; i + j < n; ++j) end[j] = combine(end[j], x[i + j]);
  for (std::int64_t half = running / 2; half > 0; half /= 2)
    for (std::int64_t j = 0; j < half; ++j) end[j] = combine(end[j], end[j + half]);
  return end[0];
}

/// Columns of `registers` registers at a time, whose sums stay in registers from the first row to the last.
template <class T, int registers>
std::int64_t add_columns(const T* x, std::int64_t rows, T* y, std::int64_t n, std::int64_t from) {
  constexpr std::int64_t lanes = Batch<T>::size;
  for (; from + registers * lanes <= n; from += registers * lanes) {
    Batch<T> total[registers];
    for (int i = 0; i < registers; ++i) total[i] = load(y + from + i * lanes);
    for (std::int64_t r = 0; r < rows; ++r)
      for (int i = 0; i < registers; ++i) total[i] = total[i] + load(x + r * n + from + i * lanes);
    for (int i = 0; i < registers; ++i) store<T>(y + from + i * lanes, total[i]);
  }
  return from;
}

template <class T>
void add_rows(const T* x, std::int64_t rows, T* y, std::int64_t n) {
  std::int64_t at = add_columns<T, 8>(x, rows, y, n, 0);
  at = add_columns<T, 2>(x, rows, y, n, at);
  at = add_columns<T, 1>(x, rows, y, n, at);
  if (at == n) return;
  Batch<T> total = load_first(y + at, n - at);
  for (std::int64_t r = 0; r < rows; ++r) total = total + load_first(x + r * n + at, n - at);
  store_first(y + at, n - at, total);
}

}  // namespace
}  // namespace unroll
