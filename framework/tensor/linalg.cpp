#include "framework/tensor/linalg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string_view>
#include <xtensor-blas/xlinalg.hpp>

namespace unroll {

namespace {

void require(bool fits, std::string_view function, std::string_view expected, const Shape& a) {
  if (!fits)
    throw std::invalid_argument(
        fmt::format("[linalg] {} takes {}, but was given shape {}", function, expected, to_string(a)));
}

void require_square(std::string_view function, const Shape& a) {
  require(a.rank() == 2 && a[0] == a[1], function, "a square matrix", a);
}

/// LAPACK's iterations need not end on NaN.
void require_finite(std::string_view function, const Tensor<double>& a) {
  const auto bad = std::ranges::find_if_not(a.span(), [](double x) { return std::isfinite(x); });
  if (bad != a.span().end())
    throw std::invalid_argument(fmt::format("[linalg] {} takes finite elements, but element {} of {} is {}",
                                            function, bad - a.span().begin(), a.numel(), *bad));
}

void require_system(std::string_view function, const Shape& a, const Shape& b) {
  require_square(function, a);
  if (b.rank() == 2 && b[0] == a[0]) return;
  throw std::invalid_argument(
      fmt::format("[linalg] {} takes A of shape (n, n) and B of (n, columns), but was given {} "
                  "and {}",
                  function, to_string(a), to_string(b)));
}

template <class Matrix>
Tensor<double> to_tensor(const Matrix& x) {
  Tensor<double> tensor(Shape(std::vector<std::int64_t>(x.shape().begin(), x.shape().end())));
  std::copy(x.template begin<xt::layout_type::row_major>(), x.template end<xt::layout_type::row_major>(),
            tensor.data());
  return tensor;
}

/// Turns the signs of R's rows, and of the columns of Q that go with them.
void make_diagonal_positive(Qr& factors) {
  const std::int64_t rows = factors.q.shape()[0], k = factors.q.shape()[1], columns = factors.r.shape()[1];
  for (std::int64_t j = 0; j < k; ++j) {
    if (!std::signbit(factors.r[j * columns + j])) continue;
    for (std::int64_t c = j; c < columns; ++c) factors.r[j * columns + c] *= -1;
    for (std::int64_t i = 0; i < rows; ++i) factors.q[i * k + j] *= -1;
  }
}

}  // namespace

template <class T>
Tensor<T> solve(const Tensor<T>& a, const Tensor<T>& b, bool transpose) {
  require_system("solve", a.shape(), b.shape());
  Tensor<T> x(b.shape());
  const std::int64_t n = a.shape()[0], columns = b.shape()[1];
  std::vector<std::byte> workspace(solve_workspace_bytes(n, columns, sizeof(T)));
  solve<T>(transpose, n, columns, a.data(), b.data(), x.data(), workspace);
  return x;
}

template <class T>
Tensor<T> solve_triangular(const Tensor<T>& a, const Tensor<T>& b, bool lower, bool transpose,
                           bool unit_diagonal) {
  require_system("solve_triangular", a.shape(), b.shape());
  Tensor<T> x(b.shape());
  solve_triangular<T>(lower, transpose, unit_diagonal, a.shape()[0], b.shape()[1], a.data(), b.data(),
                      x.data());
  return x;
}

Qr qr(const Tensor<double>& a) {
  require(a.shape().rank() == 2, "qr", "a matrix", a.shape());
  require_finite("qr", a);
  const std::int64_t m = a.shape()[0], n = a.shape()[1], k = std::min(m, n);
  if (k == 0) return {Tensor<double>({m, 0}), Tensor<double>({0, n})};
  const auto [q, r] = xt::linalg::qr(as_xtensor(a));
  Qr factors{to_tensor(q), to_tensor(r)};
  make_diagonal_positive(factors);
  return factors;
}

Tensor<double> singular_values(const Tensor<double>& a) {
  require(a.shape().rank() == 2, "singular_values", "a matrix", a.shape());
  require_finite("singular_values", a);
  if (a.numel() == 0) return Tensor<double>(Shape{0});
  return to_tensor(std::get<1>(xt::linalg::svd(as_xtensor(a), false, false)));
}

Svd svd(const Tensor<double>& a) {
  require(a.shape().rank() == 2, "svd", "a matrix", a.shape());
  require_finite("svd", a);
  if (a.numel() == 0) return {Tensor<double>(Shape{0}), Tensor<double>(Shape{0, a.shape()[1]})};
  const auto [u, s, v] = xt::linalg::svd(as_xtensor(a), false, true);
  return {to_tensor(s), to_tensor(v)};
}

std::vector<std::complex<double>> eigenvalues(const Tensor<double>& a) {
  require_square("eigenvalues", a.shape());
  require_finite("eigenvalues", a);
  if (a.numel() == 0) return {};
  const auto found = xt::linalg::eigvals(as_xtensor(a));
  std::vector<std::complex<double>> values(found.begin(), found.end());
  std::ranges::stable_sort(values, std::ranges::greater(), [](const auto& value) { return std::abs(value); });
  return values;
}

double spectral_radius(const Tensor<double>& a) {
  const auto values = eigenvalues(a);
  return values.empty() ? 0.0 : std::abs(values.front());
}

template Tensor<float> solve(const Tensor<float>&, const Tensor<float>&, bool);
template Tensor<double> solve(const Tensor<double>&, const Tensor<double>&, bool);
template Tensor<float> solve_triangular(const Tensor<float>&, const Tensor<float>&, bool, bool, bool);
template Tensor<double> solve_triangular(const Tensor<double>&, const Tensor<double>&, bool, bool, bool);

}  // namespace unroll
