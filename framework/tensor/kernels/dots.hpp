#pragma once

#include "framework/tensor/kernels/simd.hpp"

namespace unroll {
namespace {

/// Sums over each row in as many parts as a register has lanes.
template <class T>
void dots(const T* a, std::int64_t lda, std::int64_t rows, const T* x, std::int64_t n, T* y,
          std::int64_t step, bool add) {
  constexpr std::int64_t lanes = Batch<T>::size;
  for (std::int64_t i = 0; i < rows; ++i, a += lda) {
    Batch<T> sum(T{0});
    std::int64_t p = 0;
    for (; p + lanes <= n; p += lanes) sum = fused(load(a + p), load(x + p), sum);
    if (p < n) sum = fused(load_first(a + p, n - p), load_first(x + p, n - p), sum);
    const T total = xsimd::hadd(sum);
    y[i * step] = add ? y[i * step] + total : total;
  }
}

}  // namespace
}  // namespace unroll
