#pragma once

#include "framework/tensor/kernels/function.hpp"

// Functions of one register, or one element, made into kernels over spans.

namespace unroll {
namespace {

template <class T>
constexpr std::int64_t width = Batch<T>::size;

template <class T, class F>
void unary_kernel(const T* x, T* y, std::int64_t n) {
  const F f;
  std::int64_t i = 0;
  if constexpr (OfRegisters<F, T>) {
    for (; i + width<T> <= n; i += width<T>) store<T>(y + i, f(load(x + i)));
    if (i < n) store_first(y + i, n - i, f(load_first(x + i, n - i)));
  } else {
    for (; i < n; ++i) y[i] = f(x[i]);
  }
}

/// Elements i, i + 1, ... of an operand that has one for each index, or one for all.
template <std::int64_t step, class T>
Batch<T> operand(const T* p, std::int64_t i) {
  if constexpr (step == 0) return Batch<T>(*p);
  return load(p + i);
}
template <std::int64_t step, class T>
Batch<T> operand_end(const T* p, std::int64_t i, std::int64_t count) {
  if constexpr (step == 0) return Batch<T>(*p);
  return load_first(p + i, count);
}

template <class T, class F, std::int64_t a_step, std::int64_t b_step>
void map_steps(const T* a, const T* b, T* y, std::int64_t n) {
  const F f;
  std::int64_t i = 0;
  for (; i + width<T> <= n; i += width<T>) store<T>(y + i, f(operand<a_step>(a, i), operand<b_step>(b, i)));
  if (i < n) store_first(y + i, n - i, f(operand_end<a_step>(a, i, n - i), operand_end<b_step>(b, i, n - i)));
}

template <class T, class F>
void binary_kernel(const T* a, std::int64_t a_step, const T* b, std::int64_t b_step, T* y, std::int64_t n) {
  if constexpr (OfRegisters<F, T>) {
    if (a_step != 0)
      return b_step != 0 ? map_steps<T, F, 1, 1>(a, b, y, n) : map_steps<T, F, 1, 0>(a, b, y, n);
    return b_step != 0 ? map_steps<T, F, 0, 1>(a, b, y, n) : map_steps<T, F, 0, 0>(a, b, y, n);
  } else {
    for (std::int64_t i = 0; i < n; ++i) y[i] = F()(a[i * a_step], b[i * b_step]);
  }
}

}  // namespace
}  // namespace unroll
