#pragma once

#include <utility>

#include "framework/tensor/kernels/simd.hpp"

// Reductions keep 16 running values (the maximum 64, each of whose steps takes long), of which value j takes
// the elements j, j + 16, j + 32, ..., and combine them as a tree: value j with j + 8, then j + 4, j + 2,
// j + 1. The order is part of the definition, so that registers of 2, 4, 8 and 16 elements give the same
// bits.

namespace unroll {
namespace {

// Combining two numbers, or two registers or halves of registers element by element, is one expression.

template <class T>
struct Sum {
  static constexpr std::int64_t running = 16;
  static constexpr T start = T{0};
  template <class V>
  V operator()(V a, V b) const {
    return a + b;
  }
};

template <class T>
struct Max {
  static constexpr std::int64_t running = 64;
  static constexpr T start = -static_cast<T>(__builtin_inf());
  template <class V>
  V operator()(V a, V b) const {
    return (a > b) | (a != a) ? a : b;
  }
};

template <class T, std::size_t lanes>
using Lanes [[gnu::vector_size(lanes * sizeof(T))]] = T;

template <class T>
Lanes<T, Batch<T>::size> lanes_of(Batch<T> x) {
  return static_cast<Lanes<T, Batch<T>::size>>(static_cast<typename Batch<T>::register_type>(x));
}

/// Lane j with lane j + lanes / 2, and so on with what is left.
template <class T, class Combine, std::size_t... j>
T reduce_lanes(Lanes<T, 2 * sizeof...(j)> x, Combine combine, std::index_sequence<j...>) {
  constexpr std::size_t half = sizeof...(j);
  if constexpr (half == 1)
    return combine(x[0], x[1]);
  else
    return reduce_lanes<T>(
        combine(__builtin_shufflevector(x, x, j...), __builtin_shufflevector(x, x, half + j...)), combine,
        std::make_index_sequence<half / 2>());
}

/// The first `count` elements, and `rest` in the other lanes.
template <class T>
Batch<T> filled_up(const T* x, std::int64_t count, T rest) {
  alignas(64) static constexpr T numbers[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return xsimd::select(load(numbers) < Batch<T>(static_cast<T>(count)), load_first(x, count), Batch<T>(rest));
}

template <class T, class Combine>
T reduce(const T* x, std::int64_t n) {
  constexpr std::int64_t width = Batch<T>::size, running = Combine::running;
  constexpr std::int64_t registers = running / width;
  const Combine combine;
  Lanes<T, width> value[registers];
  for (auto& v : value) v = lanes_of(Batch<T>(Combine::start));
  std::int64_t i = 0;
  for (; i + running <= n; i += running)
    for (std::int64_t r = 0; r < registers; ++r)
      value[r] = combine(value[r], lanes_of(load(x + i + r * width)));

  for (std::int64_t r = 0; i < n; ++r, i += width)
    value[r] =
        combine(value[r], lanes_of(i + width <= n ? load(x + i) : filled_up(x + i, n - i, Combine::start)));
  for (std::int64_t half = registers / 2; half > 0; half /= 2)
    for (std::int64_t r = 0; r < half; ++r) value[r] = combine(value[r], value[r + half]);
  return reduce_lanes<T>(value[0], combine, std::make_index_sequence<width / 2>());
}

/// Of as many columns as fill `registers` registers, the last one with `last` elements: their sums stay in
/// registers from the first row to the last, and none waits for another.
template <class T, int registers>
void add_columns(const T* x, std::int64_t rows, T* y, std::int64_t n, std::int64_t last) {
  constexpr std::int64_t lanes = Batch<T>::size, full = registers - 1;
  Batch<T> total[registers];
  for (int i = 0; i < full; ++i) total[i] = load(y + i * lanes);
  total[full] = load_first(y + full * lanes, last);
  for (std::int64_t r = 0; r < rows; ++r, x += n) {
    for (int i = 0; i < full; ++i) total[i] = total[i] + load(x + i * lanes);
    total[full] = total[full] + load_first(x + full * lanes, last);
  }
  for (int i = 0; i < full; ++i) store<T>(y + i * lanes, total[i]);
  store_first(y + full * lanes, last, total[full]);
}

template <class T>
using AddColumns = void (*)(const T* x, std::int64_t rows, T* y, std::int64_t n, std::int64_t last);

template <class T>
void add_rows(const T* x, std::int64_t rows, T* y, std::int64_t n) {
  constexpr std::int64_t lanes = Batch<T>::size, most = 8;
  constexpr AddColumns<T> by_registers[most] = {add_columns<T, 1>, add_columns<T, 2>, add_columns<T, 3>,
                                                add_columns<T, 4>, add_columns<T, 5>, add_columns<T, 6>,
                                                add_columns<T, 7>, add_columns<T, 8>};
  for (std::int64_t at = 0; at < n; at += most * lanes) {
    const std::int64_t elements = n - at < most * lanes ? n - at : most * lanes;
    const std::int64_t before_last = (elements - 1) / lanes;
    by_registers[before_last](x + at, rows, y + at, n, elements - before_last * lanes);
  }
}

}  // namespace
}  // namespace unroll
