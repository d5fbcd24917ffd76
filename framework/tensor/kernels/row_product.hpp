#pragma once

#include "framework/tensor/kernels/simd.hpp"

namespace unroll {
namespace {

/// A register of the result's columns, of which `read` and `write` know how many there are. Four short chains
/// of additions are sooner over than a long one, and a step of a recurrence waits for the sum.
template <class T, class Read, class Write>
[[gnu::always_inline]] inline void product_columns(const T* a, const T* b, std::int64_t ldb, T* c,
                                                   std::int64_t k, bool add, Read read, Write write) {
  constexpr int parts = 4;
  const Batch<T> zero(T{0});
  Batch<T> sum[parts] = {add ? read(c) : zero, zero, zero, zero};
  std::int64_t p = 0;
  for (; p + parts <= k; p += parts)
#pragma GCC unroll 4
    for (int part = 0; part < parts; ++part)
      sum[part] = fused(Batch<T>(a[p + part]), read(b + (p + part) * ldb), sum[part]);
  for (; p < k; ++p) sum[0] = fused(Batch<T>(a[p]), read(b + p * ldb), sum[0]);
  write(c, (sum[0] + sum[2]) + (sum[1] + sum[3]));
}

template <class T>
void row_product(const T* a, const T* b, std::int64_t ldb, T* c, std::int64_t n, std::int64_t k, bool add) {
  constexpr std::int64_t lanes = Batch<T>::size;
  for (; n >= lanes; n -= lanes, b += lanes, c += lanes)
    product_columns<T>(a, b, ldb, c, k, add, load<T>, store<T>);
  if (n == 0) return;
  product_columns<T>(
      a, b, ldb, c, k, add, [n](const T* p) { return load_first(p, n); },
      [n](T* p, Batch<T> x) { store_first(p, n, x); });
}

}  // namespace
}  // namespace unroll
