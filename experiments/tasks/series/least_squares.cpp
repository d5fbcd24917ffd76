#include "experiments/tasks/series/least_squares.hpp"

#include <algorithm>

#include "framework/tensor/linalg.hpp"

namespace unroll {

std::vector<double> least_squares(const Tensor<double>& a, const Tensor<double>& y, double ridge) {
  const std::int64_t rows = a.shape()[0], n = a.shape()[1];
  Tensor<double> all({rows + n, n});  // below A the ridge times the identity, whose y are 0
  std::ranges::copy(a.span(), all.data());
  for (std::int64_t c = 0; c < n; ++c) all[(rows + c) * n + c] = ridge;
  const Qr factors = qr(all);
  Tensor<double> projected({n, 1});
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t c = 0; c < n; ++c) projected[c] += factors.q[row * n + c] * y[row];
  const Tensor<double> solution = solve_triangular(factors.r, projected, false);
  return {solution.span().begin(), solution.span().end()};
}

}  // namespace unroll
