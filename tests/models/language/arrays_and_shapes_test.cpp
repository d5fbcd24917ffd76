#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "tests/models/language/stepped.hpp"

using namespace unroll;
using namespace unroll::test;

TEST_CASE("[language] arrays are made of their indices, and equations of them alone are computed in double") {
  const Stepped s(
      "const n = 3\nconst A: (n, n) = where(i < j, -1, (-1)^(i - j + 1)) * (2 * i + 1) / 10\n"
      "const d: n = 2^i + pi\nstate h: n\nE = expm(A)\nD = solve(A, d)\na = A h\ne = E h\nh' = a + e + d * D "
      "+ "
      "W x\n");
  const double A[3][3] = {{-0.1, -0.1, -0.1}, {0.3, -0.3, -0.3}, {-0.5, 0.5, -0.5}};
  s.check("a", [&](std::int64_t r, std::int64_t i) {
    double sum = 0;
    for (std::int64_t j = 0; j < 3; ++j) sum += A[i][j] * s.at("h", r, j);
    return sum;
  });
  s.check("e", [&](std::int64_t r, std::int64_t i) {  // the series
    std::array<double, 3> term = {s.at("h", r, 0), s.at("h", r, 1), s.at("h", r, 2)}, sum = term;
    for (int k = 1; k < 30; ++k) {
      std::array<double, 3> next = {};
      for (int p = 0; p < 3; ++p)
        for (int q = 0; q < 3; ++q) next[p] += A[p][q] * term[q] / k;
      term = next;
      for (int p = 0; p < 3; ++p) sum[p] += term[p];
    }
    return sum[static_cast<std::size_t>(i)];
  });
}

TEST_CASE("[language] rows and columns of a matrix go with a vector made to one") {
  const Stepped s(
      "state h\nstate A: (hidden, hidden)\nA' = column(h) * A + row(b) * A\nh' = sum(A, axis=1) + sum(A, "
      "axis=0)\n");
  for (std::int64_t r = 0; r < Stepped::rows; ++r)
    for (std::int64_t i = 0; i < 3; ++i)
      for (std::int64_t j = 0; j < 3; ++j)
        CHECK(s.at("A'", r, i, j) == doctest::Approx(s.at("h", r, i) * s.at("A", r, i, j) +
                                                     s.given.at("b")[j] * s.at("A", r, i, j)));
  s.check("h'", [&](std::int64_t r, std::int64_t i) {
    double sum = 0;
    for (std::int64_t k = 0; k < 3; ++k) sum += s.at("A", r, i, k) + s.at("A", r, k, i);
    return sum;
  });
}

TEST_CASE("[language] reductions over everything or an axis, of vectors and matrices") {
  const Stepped s(
      "state h\nstate A: (hidden, hidden)\nA' = A\nm = max(A)\nn = norm(A, axis=1)\nl = logsumexp(A, "
      "axis=0)\n"
      "h' = m + n + l + min(h) + mean(A) + max(h, 0) + min(A, axis=0)\n");
  s.check("h'", [&](std::int64_t r, std::int64_t i) {
    double largest = -1e9, mean = 0, squares = 0, exps = 0, smallest = 1e9, least = 1e9;
    for (std::int64_t p = 0; p < 3; ++p) {
      for (std::int64_t q = 0; q < 3; ++q) {
        largest = std::max(largest, s.at("A", r, p, q));
        mean += s.at("A", r, p, q) / 9;
      }
      squares += std::pow(s.at("A", r, i, p), 2);
      exps += std::exp(s.at("A", r, p, i));
      smallest = std::min(smallest, s.at("h", r, p));
      least = std::min(least, s.at("A", r, p, i));
    }
    return largest + std::sqrt(squares) + std::log(exps) + smallest + mean + std::max(s.at("h", r, i), 0.0) +
           least;
  });
}

TEST_CASE("[language] parts of vectors and matrices: from 0, without the end, one index drops the axis") {
  const Stepped s(
      "state h\nstate A: (hidden, hidden)\nA' = A\nl = h[1:]\nf = h[:hidden - 1]\n"
      "h' = concat(l * f, x[0:1]) + A[0, :] + A[:, 1] + h[-1] * A[1, 0]\n");
  s.check("h'", [&](std::int64_t r, std::int64_t i) {
    const double joined = i < 2 ? s.at("h", r, i + 1) * s.at("h", r, i) : s.at("x", r, 0);
    return joined + s.at("A", r, 0, i) + s.at("A", r, i, 1) + s.at("h", r, 2) * s.at("A", r, 1, 0);
  });
}

TEST_CASE("[language] the elements in another order or shape") {
  const Stepped s(
      "state h: 6\nM = reshape(h, 2, 3)\nn = reshape(M * M, 6)\nh' = roll(n, 1) + reverse(h) + cumsum(h)\n");
  for (std::int64_t r = 0; r < Stepped::rows; ++r)
    for (std::int64_t i = 0; i < 6; ++i) {
      double sum = 0;
      for (std::int64_t k = 0; k <= i; ++k) sum += s.at("h", r, k);
      CHECK(s.at("h'", r, i) ==
            doctest::Approx(std::pow(s.at("h", r, (i + 5) % 6), 2) + s.at("h", r, 5 - i) + sum));
    }
}

TEST_CASE("[language] block-diagonal parameters and both orthogonal ones") {
  const Stepped s("state h: 4\nparam U heads(2)\nparam Q orthogonal_exp\nq = Q h\nh' = U h\n");
  const Tensor<double>& u = s.given.at("U");
  CHECK(u.shape() == Shape{4, 2});
  for (std::int64_t r = 0; r < Stepped::rows; ++r) {
    double before = 0, after = 0;
    for (std::int64_t i = 0; i < 4; ++i) {
      const std::int64_t first = i / 2 * 2;
      CHECK(s.at("h'", r, i) ==
            doctest::Approx(u[i * 2] * s.at("h", r, first) + u[i * 2 + 1] * s.at("h", r, first + 1)));
      before += std::pow(s.at("h", r, i), 2);
      after += std::pow(s.at("q", r, i), 2);
    }
    CHECK(after == doctest::Approx(before).epsilon(1e-12));
  }
  CHECK(
      error_of("state h: 4\nparam U heads(3)\nh' = U h\n").find("3 heads do not divide U, which is (4, 4)") !=
      std::string::npos);
}

TEST_CASE("[language] sizes are sums, products and quotients, where they are whole") {
  const std::string body =
      "state h\nstate c: hidden * 2 - 1\nparam V: (hidden / 3, hidden)\nc' = P V h\nh' = R c' + W x\n";
  const EquationCell cell(defined(body), {2, 6});
  CHECK(cell.parameters()[0].shape == Shape{2, 6});
  CHECK(cell.states()[1].shape == Shape{11});
  CHECK(error_of(body, {2, 4}).find("hidden / 3 = 1.33") != std::string::npos);
}

TEST_CASE("[language] states and values that are numbers") {
  const Stepped s("state h\nstate m: () = 2\nm' = 0.5 * m + mean(h)\nh' = m' * h + W x\n");
  CHECK(s.cell.states()[1].shape == Shape{1});
  for (std::int64_t r = 0; r < Stepped::rows; ++r) {
    const double mean = (s.at("h", r, 0) + s.at("h", r, 1) + s.at("h", r, 2)) / 3;
    CHECK(s.result.at("m'")[r] == doctest::Approx(0.5 * s.given.at("m")[r] + mean));
  }
}

TEST_CASE("[language] how far a vector is rolled is a whole number that is known") {
  const Stepped s("const k = 2\nstate h\nh' = roll(h, k - 3) + W x\n");
  s.check("h'", [&](std::int64_t r, std::int64_t i) {
    return s.at("h", r, (i + 1) % 3) + s.product("W", "x", r, i);
  });
  CHECK(error_of("state h\nh' = roll(h, floor(2.5)) + W x\n").find("roll needs a whole number") !=
        std::string::npos);
}
