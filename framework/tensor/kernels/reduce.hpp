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

/// The first `count` elements, and `rest` in the other lanes.
template <class T>
Batch<T> filled_up(const T* x, std::int64_t count, T rest) {
  alignas(64) T padded[Batch<T>::size];
  for (std::int64_t j = 0; j < static_cast<std::int64_t>(Batch<T>::size); ++j)
    padded[j] = j < count ? x[j] : rest;
  return load(padded);
}

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

  for (std::int64_t r = 0; i < n; ++r, i += width)
    value[r] = combine(value[r], i + width <= n ? load(x + i) : filled_up(x + i, n - i, Combine::start));
  for (std::int64_t half = registers / 2; half > 0; half /= 2)
    for (std::int64_t r = 0; r < half; ++r) value[r] = combine(value[r], value[r + half]);

  alignas(64) T end[width];
  store<T>(end, value[0]);
  for (std::int64_t half = width / 2; half > 0; half /= 2)
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
