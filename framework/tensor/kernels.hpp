#pragma once

#include <cstdint>

#include "framework/tensor/cpu.hpp"
#include "framework/tensor/functions.hpp"

namespace unroll {

/// Elementwise functions and reductions on contiguous spans, compiled once per instruction set and chosen at
/// run time. An element's bits depend on its operands alone, never on where it stands in the span (tails are
/// padded). `y` may be the same span as an operand; it may not overlap one otherwise.

/// y[i] = f(x[i]).
template <class T>
using UnaryKernel = void (*)(const T* x, T* y, std::int64_t n);

/// y[i] = f(a[i * a_step], b[i * b_step]) with steps of 0 (one value for all) or 1. Comparisons give 0 or 1.
template <class T>
using BinaryKernel = void (*)(const T* a, std::int64_t a_step, const T* b, std::int64_t b_step, T* y,
                              std::int64_t n);

/// Reduces a span to one value, always in the same order of running values whatever the instruction set.
template <class T>
using ReduceKernel = T (*)(const T* x, std::int64_t n);

/// y[i] += x[i] + x[i + n] + ..., the sum of `rows` rows of n elements.
template <class T>
using RowsKernel = void (*)(const T* x, std::int64_t rows, T* y, std::int64_t n);

/// y[i step] = the sum of a[i lda + p] x[p] over p < n, added to what is there if `add`.
template <class T>
using DotsKernel = void (*)(const T* a, std::int64_t lda, std::int64_t rows, const T* x, std::int64_t n, T* y,
                            std::int64_t step, bool add);

/// c[j] = the sum of a[p] b[p ldb + j] over p < k, for j < n, added to what is there if `add`. The order is
/// part of what it does, for code made at run time repeats it. Four parts start as 0, but s[0] as c[j] where
/// it is added to. For p below k rounded down to a multiple of 4, s[p mod 4] = fma(a[p], b[p ldb + j], s[p
/// mod 4]); then, for each p that is left, s[0] = fma(a[p], b[p ldb + j], s[0]). The sum is (s[0] + s[2]) +
/// (s[1] + s[3]), also where parts are still 0. (The baseline, for which no product comes here, rounds twice
/// for an fma.)
template <class T>
using RowProductKernel = void (*)(const T* a, const T* b, std::int64_t ldb, T* c, std::int64_t n,
                                  std::int64_t k, bool add);

template <class T>
struct Kernels {
  UnaryKernel<T> unary[unary_count];     ///< indexed by Unary
  BinaryKernel<T> binary[binary_count];  ///< indexed by Binary
  ReduceKernel<T> sum;                   ///< 0 when n = 0
  ReduceKernel<T> max;                   ///< -Inf when n = 0; NaN when any element is NaN
  RowsKernel<T> add_rows;                ///< rows are added in order, first to last
  DotsKernel<T> dots;
  RowProductKernel<T> row_product;

  UnaryKernel<T> operator[](Unary f) const { return unary[static_cast<int>(f)]; }
  BinaryKernel<T> operator[](Binary f) const { return binary[static_cast<int>(f)]; }
};

/// The kernels of `isa`, by default the widest one this CPU has. T is float or double.
template <class T>
const Kernels<T>& kernels(Isa isa = best_isa());

}  // namespace unroll
