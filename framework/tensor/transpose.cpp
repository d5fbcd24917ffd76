#include "framework/tensor/transpose.hpp"

#include <cblas.h>

#include <algorithm>
#include <limits>

namespace unroll {
namespace {

// OpenBLAS counts in int. Larger matrices go in parts of so many rows that each is counted; their columns
// must do by themselves.
constexpr std::int64_t countable = std::numeric_limits<blasint>::max();

template <class T, class Copy>
void in_countable_parts(const T* x, std::int64_t m, std::int64_t n, T* y, Copy copy) {
  if (m == 0 || n == 0) return;
  const std::int64_t part = std::max<std::int64_t>(1, countable / std::max(m, n));
  for (std::int64_t row = 0; row < m; row += part)
    copy(static_cast<blasint>(std::min(part, m - row)), x + row * n, y + row);
}

}  // namespace

void transpose_matrix(const float* x, std::int64_t m, std::int64_t n, float* y) {
  in_countable_parts(x, m, n, y, [&](blasint rows, const float* from, float* to) {
    cblas_somatcopy(CblasRowMajor, CblasTrans, rows, static_cast<blasint>(n), 1.0f, from,
                    static_cast<blasint>(n), to, static_cast<blasint>(m));
  });
}

void transpose_matrix(const double* x, std::int64_t m, std::int64_t n, double* y) {
  in_countable_parts(x, m, n, y, [&](blasint rows, const double* from, double* to) {
    cblas_domatcopy(CblasRowMajor, CblasTrans, rows, static_cast<blasint>(n), 1.0, from,
                    static_cast<blasint>(n), to, static_cast<blasint>(m));
  });
}

}  // namespace unroll
