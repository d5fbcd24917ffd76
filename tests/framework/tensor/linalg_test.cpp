#include "framework/tensor/linalg.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

using namespace unroll;

namespace {

template <class T>
Tensor<T> wave(Shape shape, double phase) {
  Tensor<T> t(std::move(shape));
  for (std::int64_t i = 0; i < t.numel(); ++i)
    t[i] = static_cast<T>(std::sin(1.3 * static_cast<double>(i * i % 101) + phase));
  return t;
}

/// op(A)[i, j] of a square matrix.
template <class T>
long double at(const Tensor<T>& a, bool transpose, std::int64_t i, std::int64_t j) {
  const std::int64_t n = a.shape()[0];
  return a[transpose ? j * n + i : i * n + j];
}

/// The largest |op(A) X - B| over n eps (|op(A)| |X| + |B|), elementwise: a backward error in units of n eps.
template <class T>
double residual(const Tensor<T>& a, bool transpose, const Tensor<T>& x, const Tensor<T>& b) {
  const std::int64_t n = b.shape()[0], columns = b.shape()[1];
  double worst = 0;
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t c = 0; c < columns; ++c) {
      long double sum = -static_cast<long double>(b[i * columns + c]), size = std::fabs(sum);
      for (std::int64_t j = 0; j < n; ++j) {
        sum += at(a, transpose, i, j) * x[j * columns + c];
        size += std::fabs(at(a, transpose, i, j) * x[j * columns + c]);
      }
      const long double unit = static_cast<long double>(n) * std::numeric_limits<T>::epsilon() * size;
      worst = std::max(worst, static_cast<double>(std::fabs(sum) / unit));
    }
  return worst;
}

/// One triangle of A with a diagonal away from 0, everything else NaN, and a copy with 0 (and 1) in its
/// place.
template <class T>
struct Triangle {
  Tensor<T> given;
  Tensor<T> meant;
};
template <class T>
Triangle<T> triangle_of(std::int64_t n, bool lower, bool unit_diagonal) {
  Triangle<T> t{wave<T>({n, n}, 0.4), Tensor<T>({n, n})};
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      T& element = t.given[i * n + j];
      if (i == j) element += element < 0 ? T(-2) : T(2);
      const bool stored = i == j ? !unit_diagonal : (lower ? i > j : i < j);
      t.meant[i * n + j] = stored ? element : T(i == j ? 1 : 0);
      if (!stored) element = std::numeric_limits<T>::quiet_NaN();
      if (i != j) element /= static_cast<T>(n), t.meant[i * n + j] /= static_cast<T>(n);
    }
  return t;
}

template <class T>
void check_solve() {
  for (std::int64_t n : {1, 2, 3, 7, 16, 33, 100})
    for (std::int64_t columns : {1, 2, 5, 40})
      for (bool transpose : {false, true}) {
        CAPTURE(n);
        CAPTURE(columns);
        CAPTURE(transpose);
        const Tensor<T> a = wave<T>({n, n}, 0.2), b = wave<T>({n, columns}, 0.7);
        CHECK(residual(a, transpose, solve(a, b, transpose), b) < 20.0);
      }
}

template <class T>
void check_solve_triangular() {
  for (std::int64_t n : {1, 2, 3, 7, 33})
    for (std::int64_t columns : {1, 5})
      for (bool lower : {false, true})
        for (bool transpose : {false, true})
          for (bool unit : {false, true}) {
            CAPTURE(n);
            CAPTURE(lower);
            CAPTURE(transpose);
            CAPTURE(unit);
            const auto [given, meant] = triangle_of<T>(n, lower, unit);
            const Tensor<T> b = wave<T>({n, columns}, 0.7);
            CHECK(residual(meant, transpose, solve_triangular(given, b, lower, transpose, unit), b) < 5.0);
          }
}

Tensor<double> product(const Tensor<double>& a, bool transpose_a, const Tensor<double>& b) {
  const std::int64_t m = a.shape()[transpose_a ? 1 : 0], k = a.shape()[transpose_a ? 0 : 1], n = b.shape()[1];
  Tensor<double> c({m, n});
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j)
      for (std::int64_t p = 0; p < k; ++p)
        c[i * n + j] += a[transpose_a ? p * m + i : i * k + p] * b[p * n + j];
  return c;
}

double distance(const Tensor<double>& a, const Tensor<double>& b) {
  REQUIRE(a.shape() == b.shape());
  double worst = 0;
  for (std::int64_t i = 0; i < a.numel(); ++i) worst = std::max(worst, std::fabs(a[i] - b[i]));
  return worst;
}

Tensor<double> identity(std::int64_t n) {
  Tensor<double> i({n, n});
  for (std::int64_t k = 0; k < n; ++k) i[k * n + k] = 1;
  return i;
}

}  // namespace

TEST_CASE("[linalg] solve leaves a residual of rounding size, for A and its transpose") {
  check_solve<float>();
  check_solve<double>();
}

TEST_CASE("[linalg] solve exchanges rows where a pivot is zero") {
  const Tensor<double> a({3, 3}, {0, 2, 0, 0, 0, 3, 5, 0, 0}), b({3, 1}, {2, 3, 5});
  CHECK(distance(solve(a, b), Tensor<double>({3, 1}, 1.0)) == 0.0);
  CHECK(distance(solve(a, b, true), Tensor<double>({3, 1}, {1.5, 5.0 / 3, 0.4})) < 1e-15);
}

TEST_CASE("[linalg] solve of a singular or non-finite matrix gives no finite number and no exception") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (bool transpose : {false, true}) {
    const Tensor<double> singular =
        solve(Tensor<double>({2, 2}, {1, 2, 2, 4}), Tensor<double>({2, 1}, {1, 1}), transpose);
    CHECK(!std::isfinite(singular[0]));
    CHECK(!std::isfinite(singular[1]));
    const Tensor<double> zero = solve(Tensor<double>({2, 2}), Tensor<double>({2, 1}, {1, 1}), transpose);
    CHECK(!std::isfinite(zero[0]));
    const Tensor<double> unknown =
        solve(Tensor<double>({2, 2}, nan), Tensor<double>({2, 1}, {1, 1}), transpose);
    CHECK(std::isnan(unknown[0]));
  }
}

TEST_CASE("[linalg] solve on spans writes nothing outside X, and X may be B") {
  const std::int64_t n = 5, columns = 3;
  const Tensor<float> a = wave<float>({n, n}, 0.2), b = wave<float>({n, columns}, 0.7), x = solve(a, b);
  std::vector<std::byte> workspace(solve_workspace_bytes(n, columns, sizeof(float)));
  std::vector<float> in_place(b.span().begin(), b.span().end());
  in_place.push_back(42.0f);
  solve(false, n, columns, a.data(), in_place.data(), in_place.data(), std::span(workspace));
  CHECK(in_place.back() == 42.0f);
  for (std::int64_t i = 0; i < n * columns; ++i) CHECK(in_place[static_cast<std::size_t>(i)] == x[i]);
}

TEST_CASE("[linalg] solve takes a workspace that begins anywhere and refuses one that is too small") {
  const Tensor<double> a = wave<double>({4, 4}, 0.2), b = wave<double>({4, 1}, 0.7);
  std::vector<std::byte> workspace(solve_workspace_bytes(4, 1, sizeof(double)) + 3);
  Tensor<double> x({4, 1});
  solve(false, 4, 1, a.data(), b.data(), x.data(), std::span(workspace).subspan(3));
  CHECK(x.same_bits(solve(a, b)));
  CHECK_THROWS_AS(solve(false, 4, 1, a.data(), b.data(), x.data(), std::span(workspace).subspan(4)),
                  std::invalid_argument);
}

TEST_CASE("[linalg] solve_triangular reads one triangle only, and no unit diagonal") {
  check_solve_triangular<float>();
  check_solve_triangular<double>();
}

TEST_CASE("[linalg] systems without rows or columns have solutions without elements") {
  CHECK(solve(Tensor<double>({0, 0}), Tensor<double>({0, 3})).shape() == Shape{0, 3});
  CHECK(solve(Tensor<double>({2, 2}, 1.0), Tensor<double>({2, 0})).shape() == Shape{2, 0});
  CHECK(solve_triangular(Tensor<float>({0, 0}), Tensor<float>({0, 3}), true).shape() == Shape{0, 3});
}

TEST_CASE("[linalg] QR gives back A, with orthonormal columns and a positive upper triangle") {
  for (const Shape& shape :
       {Shape{1, 1}, Shape{5, 3}, Shape{3, 5}, Shape{6, 6}, Shape{1, 4}, Shape{4, 1}, Shape{60, 40}}) {
    CAPTURE(to_string(shape));
    const Tensor<double> a = wave<double>(shape, 0.3);
    const auto [q, r] = qr(a);
    const std::int64_t k = std::min(shape[0], shape[1]);
    CHECK(q.shape() == Shape{shape[0], k});
    CHECK(distance(product(q, false, r), a) < 1e-13);
    CHECK(distance(product(q, true, q), identity(k)) < 1e-13);
    for (std::int64_t i = 0; i < k; ++i) {
      CHECK(r[i * shape[1] + i] > 0.0);
      for (std::int64_t j = 0; j < i; ++j) CHECK(r[i * shape[1] + j] == 0.0);
    }
  }
}

TEST_CASE("[linalg] QR of an empty matrix has empty factors") {
  CHECK(qr(Tensor<double>({0, 3})).q.shape() == Shape{0, 0});
  CHECK(qr(Tensor<double>({3, 0})).q.shape() == Shape{3, 0});
}

TEST_CASE("[linalg] singular values fall, do not change under rotation and multiply to the determinant") {
  const Tensor<double> s = singular_values(Tensor<double>({2, 3}, {3, 0, 0, 0, 0, -4}));
  CHECK(s.shape() == Shape{2});
  CHECK(s[0] == doctest::Approx(4.0));
  CHECK(s[1] == doctest::Approx(3.0));
  const Tensor<double> a = wave<double>({6, 6}, 0.3), q = qr(wave<double>({6, 6}, 1.1)).q;
  CHECK(distance(singular_values(a), singular_values(product(q, false, a))) < 1e-13);
  double determinant = 1, diagonal = 1;
  const Tensor<double> values = singular_values(a), r = qr(a).r;
  for (std::int64_t i = 0; i < 6; ++i) {
    determinant *= values[i];
    diagonal *= r[i * 6 + i];
  }
  CHECK(determinant == doctest::Approx(diagonal));
}

TEST_CASE("[linalg] eigenvalues come by falling magnitude, complex pairs included") {
  const auto values = eigenvalues(Tensor<double>({3, 3}, {0, -2, 0, 2, 0, 0, 0, 0, 1}));
  REQUIRE(values.size() == 3);
  CHECK(std::abs(values[0]) == doctest::Approx(2.0));
  CHECK(values[0] == std::conj(values[1]));
  CHECK(values[0].real() == doctest::Approx(0.0));
  CHECK(values[2] == std::complex<double>(1.0));
  CHECK(spectral_radius(Tensor<double>({3, 3}, {0, -2, 0, 2, 0, 0, 0, 0, 1})) == doctest::Approx(2.0));
}

TEST_CASE("[linalg] the spectral radius is 1 for a rotation, 0 for a nilpotent matrix and scales with A") {
  CHECK(spectral_radius(qr(wave<double>({20, 20}, 0.3)).q) == doctest::Approx(1.0));
  CHECK(spectral_radius(Tensor<double>({2, 2}, {0, 5, 0, 0})) == 0.0);
  CHECK(spectral_radius(Tensor<double>({0, 0})) == 0.0);
  Tensor<double> a = wave<double>({9, 9}, 0.3);
  const double before = spectral_radius(a);
  for (double& x : a.span()) x *= -3;
  CHECK(spectral_radius(a) == doctest::Approx(3 * before));
}

TEST_CASE("[linalg] shapes that do not fit and elements that are not finite are refused") {
  const Tensor<double> vector({3}), wide({2, 3});
  CHECK_THROWS_WITH_AS(solve(wide, vector),
                       "[linalg] solve takes a square matrix, but was given shape (2, 3)",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(
      solve(Tensor<double>({2, 2}), vector),
      "[linalg] solve takes A of shape (n, n) and B of (n, columns), but was given (2, 2) and (3)",
      std::invalid_argument);
  CHECK_THROWS_AS(qr(vector), std::invalid_argument);
  CHECK_THROWS_AS(eigenvalues(wide), std::invalid_argument);
  const Tensor<double> unknown({2, 2}, {1, std::numeric_limits<double>::quiet_NaN(), 0, 1});
  CHECK_THROWS_WITH_AS(spectral_radius(unknown),
                       "[linalg] eigenvalues takes finite elements, but element 1 of 4 is nan",
                       std::invalid_argument);
  CHECK_THROWS_AS(qr(unknown), std::invalid_argument);
  CHECK_THROWS_AS(singular_values(unknown), std::invalid_argument);
}
