#pragma once

#include "framework/tensor/kernels/simd.hpp"

namespace unroll {
namespace {

/// For a result of `registers` registers, the last of which has `exact` elements (0: as many as are left of
/// n). A step of a recurrence waits for the sum, and four short chains of additions are sooner over than a
/// long one.
template <class T, int registers, std::int64_t exact>
void row_product_of(const T* a, const T* b, std::int64_t ldb, T* c, std::int64_t n, std::int64_t k,
                    bool add) {
  constexpr std::int64_t lanes = Batch<T>::size, last = registers - 1;
  constexpr int parts = 4;
  const auto read = [&](const T* p, int v) {
    if (v < last) return load(p + v * lanes);
    if constexpr (exact > 0)
      return load_exactly<exact>(p + v * lanes);
    else
      return load_first(p + v * lanes, n - last * lanes);
  };
  Batch<T> sum[parts][registers];
#pragma GCC unroll 4
  for (int part = 0; part < parts; ++part)
#pragma GCC unroll 4
    for (int v = 0; v < registers; ++v) sum[part][v] = Batch<T>(T{0});
  std::int64_t p = 0;
  for (; p + parts <= k; p += parts)
#pragma GCC unroll 4
    for (int part = 0; part < parts; ++part)
#pragma GCC unroll 4
      for (int v = 0; v < registers; ++v)
        sum[part][v] = fused(Batch<T>(a[p + part]), read(b + (p + part) * ldb, v), sum[part][v]);
  for (; p < k; ++p)
#pragma GCC unroll 4
    for (int v = 0; v < registers; ++v) sum[0][v] = fused(Batch<T>(a[p]), read(b + p * ldb, v), sum[0][v]);
#pragma GCC unroll 4
  for (int v = 0; v < registers; ++v) {
    Batch<T> total = (sum[0][v] + sum[2][v]) + (sum[1][v] + sum[3][v]);
    if (add) total = read(c, v) + total;
    if (v < last)
      store<T>(c + v * lanes, total);
    else if constexpr (exact > 0)
      store_exactly<exact, T>(c + v * lanes, total);
    else
      store_first(c + v * lanes, n - last * lanes, total);
  }
}

template <class T>
RowProductKernel<T> row_product(std::int64_t n) {
  constexpr std::int64_t lanes = Batch<T>::size;
  if (n == 1) return row_product_of<T, 1, 1>;
  if (n == lanes / 4) return row_product_of<T, 1, lanes / 4>;
  if (n == lanes / 2) return row_product_of<T, 1, lanes / 2>;
  if (n == lanes) return row_product_of<T, 1, lanes>;
  if (n < lanes) return row_product_of<T, 1, 0>;
  if (n == 2 * lanes) return row_product_of<T, 2, lanes>;
  if (n < 2 * lanes) return row_product_of<T, 2, 0>;
  return nullptr;
}

}  // namespace
}  // namespace unroll
