#include "framework/tensor/transpose.hpp"

#include <cblas.h>

#include <limits>

namespace unroll {
namespace {

/// OpenBLAS counts rows and columns in int.
bool countable(std::int64_t m, std::int64_t n) {
  constexpr std::int64_t most = std::numeric_limits<blasint>::max();
  return m > 0 && n > 0 && m <= most && n <= most;
}

template <class T>
void transpose_by_loop(const T* x, std::int64_t m, std::int64_t n, T* y) {
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < m; ++j) y[i * m + j] = x[j * n + i];
}

}  // namespace

void transpose_matrix(const float* x, std::int64_t m, std::int64_t n, float* y) {
  if (!countable(m, n)) return transpose_by_loop(x, m, n, y);
  const auto rows = static_cast<blasint>(m), columns = static_cast<blasint>(n);
  cblas_somatcopy(CblasRowMajor, CblasTrans, rows, columns, 1.0f, x, columns, y, rows);
}

void transpose_matrix(const double* x, std::int64_t m, std::int64_t n, double* y) {
  if (!countable(m, n)) return transpose_by_loop(x, m, n, y);
  const auto rows = static_cast<blasint>(m), columns = static_cast<blasint>(n);
  cblas_domatcopy(CblasRowMajor, CblasTrans, rows, columns, 1.0, x, columns, y, rows);
}

}  // namespace unroll
