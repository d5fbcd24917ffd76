#include <cblas.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <stdexcept>

#include "framework/tensor/linalg.hpp"

// LAPACK's own symbols, which OpenBLAS holds: what xtensor-blas offers allocates.
extern "C" {
void sgetrf_(const int* m, const int* n, float* a, const int* lda, int* pivots, int* info);
void dgetrf_(const int* m, const int* n, double* a, const int* lda, int* pivots, int* info);
}

namespace unroll {

namespace {

int blas_extent(std::int64_t extent) {
  if (extent > std::numeric_limits<int>::max())
    throw std::length_error(fmt::format("[linalg] LAPACK takes extents up to {}, but one is {}",
                                        std::numeric_limits<int>::max(), extent));
  return static_cast<int>(extent);
}

void lu_factors(int n, float* a, int* pivots, int* info) { sgetrf_(&n, &n, a, &n, pivots, info); }
void lu_factors(int n, double* a, int* pivots, int* info) { dgetrf_(&n, &n, a, &n, pivots, info); }

void divide_from_right(CBLAS_UPLO triangle, CBLAS_TRANSPOSE op, CBLAS_DIAG diagonal, int rows, int n,
                       const float* a, float* x) {
  cblas_strsm(CblasColMajor, CblasRight, triangle, op, diagonal, rows, n, 1.0f, a, n, x, rows);
}
void divide_from_right(CBLAS_UPLO triangle, CBLAS_TRANSPOSE op, CBLAS_DIAG diagonal, int rows, int n,
                       const double* a, double* x) {
  cblas_dtrsm(CblasColMajor, CblasRight, triangle, op, diagonal, rows, n, 1.0, a, n, x, rows);
}

template <class T>
struct Workspace {
  T* factors;
  int* pivots;
};

template <class T>
Workspace<T> divide(std::span<std::byte> bytes, std::int64_t n, std::int64_t columns) {
  const std::size_t needed = solve_workspace_bytes(n, columns, sizeof(T));
  if (bytes.size() < needed)
    throw std::invalid_argument(fmt::format(
        "[linalg] solve needs {} bytes of workspace for n = {}, but was given {}", needed, n, bytes.size()));
  void* start = bytes.data();
  std::size_t space = bytes.size();
  std::align(alignof(T), static_cast<std::size_t>(n * n) * sizeof(T), start, space);
  T* factors = static_cast<T*>(start);
  return {factors, reinterpret_cast<int*>(factors + n * n)};
}

/// Exchanges row i of X with row pivots[i] - 1, as the factorisation did with A's, from the first on or the
/// last.
template <class T>
void exchange_rows(T* x, std::int64_t n, std::int64_t columns, const int* pivots, bool last_first) {
  for (std::int64_t step = 0; step < n; ++step) {
    const std::int64_t i = last_first ? n - 1 - step : step, other = pivots[i] - 1;
    if (other != i) std::swap_ranges(x + i * columns, x + (i + 1) * columns, x + other * columns);
  }
}

}  // namespace

std::size_t solve_workspace_bytes(std::int64_t n, std::int64_t, std::size_t real_bytes) {
  const auto extent = static_cast<std::size_t>(n);
  return extent * extent * real_bytes + extent * sizeof(int) + alignof(double);
}

// LAPACK reads columns, so to it A is M = Aᵀ, and X and B are Xᵀ and Bᵀ. With M = P L U the system A X = B is
// Xᵀ P L U = Bᵀ, and Aᵀ X = B is Xᵀ Uᵀ Lᵀ Pᵀ = Bᵀ: two divisions from the right and an exchange of X's rows,
// and nothing is transposed in memory.
template <class T>
void solve(bool transpose, std::int64_t n, std::int64_t columns, const T* a, const T* b, T* x,
           std::span<std::byte> workspace) {
  if (n == 0 || columns == 0) return;
  const int order = blas_extent(n), rows = blas_extent(columns);
  const auto [lu, pivots] = divide<T>(workspace, n, columns);
  std::copy_n(a, n * n, lu);
  if (x != b) std::copy_n(b, n * columns, x);
  int info = 0;
  lu_factors(order, lu, pivots, &info);
  if (transpose) {
    exchange_rows(x, n, columns, pivots, false);
    divide_from_right(CblasLower, CblasTrans, CblasUnit, rows, order, lu, x);
    divide_from_right(CblasUpper, CblasTrans, CblasNonUnit, rows, order, lu, x);
  } else {
    divide_from_right(CblasUpper, CblasNoTrans, CblasNonUnit, rows, order, lu, x);
    divide_from_right(CblasLower, CblasNoTrans, CblasUnit, rows, order, lu, x);
    exchange_rows(x, n, columns, pivots, true);
  }
}

template <class T>
void solve_triangular(bool lower, bool transpose, bool unit_diagonal, std::int64_t n, std::int64_t columns,
                      const T* a, const T* b, T* x, std::span<std::byte>) {
  if (n == 0 || columns == 0) return;
  const int order = blas_extent(n), rows = blas_extent(columns);
  if (x != b) std::copy_n(b, n * columns, x);
  divide_from_right(lower ? CblasUpper : CblasLower, transpose ? CblasTrans : CblasNoTrans,
                    unit_diagonal ? CblasUnit : CblasNonUnit, rows, order, a, x);
}

template void solve(bool, std::int64_t, std::int64_t, const float*, const float*, float*,
                    std::span<std::byte>);
template void solve(bool, std::int64_t, std::int64_t, const double*, const double*, double*,
                    std::span<std::byte>);
template void solve_triangular(bool, bool, bool, std::int64_t, std::int64_t, const float*, const float*,
                               float*, std::span<std::byte>);
template void solve_triangular(bool, bool, bool, std::int64_t, std::int64_t, const double*, const double*,
                               double*, std::span<std::byte>);

}  // namespace unroll
