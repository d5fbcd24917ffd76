#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <stdexcept>

#include "framework/autodiff/ops.hpp"
#include "framework/plan/plan.hpp"
#include "models/initialiser.hpp"
#include "models/language/equation_cell.hpp"
#include "models/language/matrix_maps.hpp"
#include "tests/models/drawn_start.hpp"

using namespace unroll;
using unroll::test::drawn_start;

namespace {

/// The least and the largest element of f over a start, and the share of elements below `split`.
struct Spread {
  double least, largest, below;
};
template <class F>
Spread spread(const Tensor<float>& w, double split, F f) {
  Spread s{1e300, -1e300, 0};
  for (const float x : w.span()) {
    const double v = f(static_cast<double>(x));
    s.least = std::min(s.least, v);
    s.largest = std::max(s.largest, v);
    s.below += (v < split) / static_cast<double>(w.numel());
  }
  return s;
}

constexpr std::int64_t many = 40000;
const double five_sigma = 5 * std::sqrt(0.25 / many);  ///< of a share near 1/2

Tensor<double> skew_of(const Tensor<float>& a) {
  const std::int64_t n = a.shape()[0];
  Tensor<double> s(a.shape());
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j) s[i * n + j] = double(a[i * n + j]) - double(a[j * n + i]);
  return s;
}

/// Product of n x n matrices.
Tensor<double> times(const Tensor<double>& a, const Tensor<double>& b) {
  const std::int64_t n = a.shape()[0];
  Tensor<double> c(a.shape());
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j)
      for (std::int64_t k = 0; k < n; ++k) c[i * n + j] += a[i * n + k] * b[k * n + j];
  return c;
}

/// The Cayley transform that `param W orthogonal` makes of its matrix.
Tensor<double> cayley_of(const Tensor<double>& skew) {
  Tape tape;
  const Var s = tape.constant(skew), w = cayley(s);
  Plan<double> plan(tape, {w});
  plan.run();
  return plan.tensor(w);
}

/// The angles of a skew-symmetric S with -S^2 diagonal: the square roots of its diagonal, each twice.
std::vector<double> angles_of(const Tensor<double>& skew) {
  const Tensor<double> square = times(skew, skew);
  const std::int64_t n = skew.shape()[0];
  std::vector<double> angles;
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j)
      if (i == j)
        angles.push_back(std::sqrt(-square[i * n + i]));
      else
        REQUIRE(square[i * n + j] == 0);
  return angles;
}

}  // namespace

TEST_CASE("[models] constant and range starts are what they say") {
  const Tensor<float> constant = drawn_start({.name = "constant", .scale = -1.5}, {7});
  for (const float x : constant.span()) CHECK(x == -1.5f);
  const Spread s = spread(drawn_start({.name = "range", .low = 0.5, .high = 0.75}, {many}), 0.625,
                          [](double v) { return v; });
  CHECK(s.least >= 0.5);
  CHECK(s.largest <= 0.75);
  CHECK(s.least < 0.5001);
  CHECK(s.largest > 0.7499);
  CHECK(std::abs(s.below - 0.5) < five_sigma);
  CHECK_THROWS_WITH_AS(drawn_start({.name = "range", .low = 2, .high = 1}, {3}),
                       doctest::Contains("low must be at most high, got 2 and 1"), std::invalid_argument);
}

TEST_CASE("[models] chrono: e to the bias is uniform between 1 and the longest memory less 1") {
  const Spread s =
      spread(drawn_start({.name = "chrono", .steps = 100}, {many}), 50, [](double b) { return std::exp(b); });
  CHECK(s.least >= 1 - 1e-6);
  CHECK(s.largest <= 99 * (1 + 1e-6));
  CHECK(s.least < 1.05);
  CHECK(s.largest > 98.9);
  CHECK(std::abs(s.below - 0.5) < five_sigma);
  CHECK_THROWS_AS(drawn_start({.name = "chrono", .steps = 2}, {3}), std::invalid_argument);
}

TEST_CASE("[models] ring: the radii are uniform over the ring's area, and never 1") {
  const auto radius = [](double nu) { return std::exp(-std::exp(nu)); };
  const double low = 0.4, high = 0.9, middle = std::sqrt((low * low + high * high) / 2);
  const Spread s = spread(drawn_start({.name = "ring", .low = low, .high = high}, {many}), middle, radius);
  CHECK(s.least >= low - 1e-6);
  CHECK(s.largest <= high + 1e-6);
  CHECK(s.least < low + 1e-3);
  CHECK(s.largest > high - 1e-3);
  CHECK(std::abs(s.below - 0.5) < five_sigma);
  // The whole disc: all finite, none unstable.
  const Tensor<float> disc = drawn_start({.name = "ring", .low = 0, .high = 1}, {many});
  for (const float nu : disc.span()) CHECK(std::isfinite(nu));
  CHECK(spread(disc, 0.5, radius).largest < 1);
  CHECK_THROWS_AS(drawn_start({.name = "ring", .low = 0.5, .high = 1.5}, {3}), std::invalid_argument);
}

TEST_CASE("[models] phase: e to the value is uniform up to the largest angle") {
  const double high = 2 * std::numbers::pi;
  const Spread s = spread(drawn_start({.name = "phase", .high = high}, {many}), high / 2,
                          [](double theta) { return std::exp(theta); });
  CHECK(s.least > 0);
  CHECK(s.largest <= high * (1 + 1e-6));
  CHECK(s.largest > 0.999 * high);
  CHECK(std::abs(s.below - 0.5) < five_sigma);
  CHECK_THROWS_AS(drawn_start({.name = "phase", .high = 0}, {3}), std::invalid_argument);
}

TEST_CASE("[models] henaff: A - A^T has imaginary eigenvalues only, uniform up to pi") {
  const Tensor<double> skew = skew_of(drawn_start({.name = "henaff"}, {400, 400}));
  const std::vector<double> angles = angles_of(skew);
  CHECK(*std::ranges::max_element(angles) <= std::numbers::pi);
  CHECK(*std::ranges::max_element(angles) > 0.95 * std::numbers::pi);
  const auto below = std::ranges::count_if(angles, [](double a) { return a < std::numbers::pi / 2; });
  CHECK(std::abs(static_cast<double>(below) / 2 - 100) < 5 * std::sqrt(50));
  CHECK(angles_of(skew_of(drawn_start({.name = "henaff"}, {7, 7}))).back() == 0);  // an odd one is left over
}

TEST_CASE("[models] cayley: the orthogonal matrix it makes turns by angles uniform up to pi / 2") {
  const std::int64_t n = 200;
  const Tensor<double> W = cayley_of(skew_of(drawn_start({.name = "cayley"}, {n, n})));
  // Blocks of 2 x 2 rotations: cos t on the diagonal.
  std::vector<double> angles;
  for (std::int64_t i = 0; i < n; i += 2) angles.push_back(std::acos(W[i * n + i]));
  CHECK(*std::ranges::max_element(angles) <= std::numbers::pi / 2 + 1e-6);
  CHECK(*std::ranges::max_element(angles) > 0.9 * std::numbers::pi / 2);
  const auto below = std::ranges::count_if(angles, [](double a) { return a < std::numbers::pi / 4; });
  CHECK(std::abs(static_cast<double>(below) - 50) < 5 * std::sqrt(25));
}

TEST_CASE("[models] the Cayley transform of every skew-symmetric matrix is orthogonal, with determinant 1") {
  for (const std::int64_t n : {1, 2, 5, 20}) {
    const Tensor<double> W = cayley_of(skew_of(drawn_start({.name = "normal", .scale = 3}, {n, n})));
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = 0; j < n; ++j) {
        double dot = 0;
        for (std::int64_t k = 0; k < n; ++k) dot += W[k * n + i] * W[k * n + j];
        CHECK(std::abs(dot - (i == j)) < 1e-12);
      }
    if (n == 2) CHECK(W[0] * W[3] - W[1] * W[2] == doctest::Approx(1));
  }
  Tensor<double> symmetric({2, 2}, 0.3);  // a matrix that is not skew-symmetric gives no rotation
  CHECK(std::abs(cayley_of(symmetric)[0]) > 0.1);
  const Tensor<double> W = cayley_of(symmetric);
  CHECK(std::abs(W[0] * W[0] + W[2] * W[2] - 1) > 1e-3);
}

TEST_CASE("[models] signs: so many of -1, the rest 1") {
  const Tensor<float> d = drawn_start({.name = "signs", .count = 3.5}, {8});
  for (std::int64_t i = 0; i < 8; ++i) CHECK(d[i] == (i < 3 ? -1 : 1));
  CHECK_THROWS_WITH_AS(drawn_start({.name = "signs", .count = 9}, {8}),
                       doctest::Contains("of 8 elements, 9 cannot be negative"), std::invalid_argument);
}

TEST_CASE("[models] derived starts follow from another parameter's, element by element") {
  const Tensor<float> nu = drawn_start({.name = "ring", .low = 0, .high = 1}, {1000});
  const Tensor<float> negative = derive({.name = "negative", .of = "nu"}, nu);
  const Tensor<float> gain = derive({.name = "ring_gain", .of = "nu"}, nu);
  for (std::int64_t i = 0; i < 1000; ++i) {
    CHECK(negative[i] == -nu[i]);
    const double r = std::exp(-std::exp(static_cast<double>(nu[i])));
    CHECK(std::abs(std::exp(static_cast<double>(gain[i])) - std::sqrt(1 - r * r)) < 1e-5);
  }
  CHECK_THROWS_AS(derive({.name = "glorot"}, nu), std::invalid_argument);
}

TEST_CASE("[models] a derived start names a parameter of the same shape that has a start of its own") {
  const auto define = [](const std::string& declarations) {
    define_cell("test", "cell c\nstate h\n" + declarations + "\nh' = tanh(W x + U h + b + b_2 + b_3)\n");
  };
  CHECK_NOTHROW(define("param b init negative(b_2)"));
  CHECK_THROWS_WITH_AS(define("param b init negative(b)"), doctest::Contains("the name of another parameter"),
                       EquationError);
  CHECK_THROWS_WITH_AS(define("param b init negative(1)"), doctest::Contains("the name of another parameter"),
                       EquationError);
  CHECK_THROWS_WITH_AS(define("param b init negative(b_2)\nparam b_2 init negative(b_3)"),
                       doctest::Contains("the start of b_2 follows from that of another parameter itself"),
                       EquationError);
  CHECK_THROWS_WITH_AS(
      define("param b init negative(W)"),
      doctest::Contains("b is a vector (hidden), W is a matrix (hidden, input): a start follows only from"),
      EquationError);
}
