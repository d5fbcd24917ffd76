#include "models/initialiser.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>

#include "framework/tensor/linalg.hpp"
#include "tests/models/drawn_start.hpp"

using namespace unroll;
using unroll::test::drawn_start;

namespace {

double moment(const Tensor<float>& w, int power) {
  double sum = 0;
  for (float x : w.span()) sum += std::pow(double(x), power);
  return sum / double(w.numel());
}

double largest(const Tensor<float>& w) {
  double most = 0;
  for (float x : w.span()) most = std::max(most, std::abs(double(x)));
  return most;
}

/// Largest |a_ij| of w^T w - gain^2 I where w is tall, of w w^T - gain^2 I where it is wide.
double distance_from_orthogonal(const Tensor<float>& w, double gain) {
  const std::int64_t rows = w.shape()[0], columns = w.shape()[1], n = std::min(rows, columns);
  const std::int64_t inner = std::max(rows, columns);
  const auto at = [&](std::int64_t vector, std::int64_t k) {
    return double(rows >= columns ? w[k * columns + vector] : w[vector * columns + k]);
  };
  double most = 0;
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      double dot = 0;
      for (std::int64_t k = 0; k < inner; ++k) dot += at(i, k) * at(j, k);
      most = std::max(most, std::abs(dot - (i == j ? gain * gain : 0)));
    }
  return most;
}

}  // namespace

TEST_CASE("[models] normal and uniform starts have the moments asked for") {
  const Shape shape = {300, 400};
  const double n = 120000;
  const Tensor<float> normal = drawn_start({.name = "normal", .scale = 0.01}, shape);
  CHECK(std::abs(moment(normal, 1)) < 5 * 0.01 / std::sqrt(n));
  CHECK(moment(normal, 2) == doctest::Approx(1e-4).epsilon(5 * std::sqrt(2 / n)));
  CHECK(moment(normal, 4) == doctest::Approx(3e-8).epsilon(5 * std::sqrt(96 / n) / 3));

  const Tensor<float> uniform = drawn_start({.name = "uniform", .scale = 0.2}, shape);
  CHECK(std::abs(moment(uniform, 1)) < 5 * 0.2 / std::sqrt(3 * n));
  CHECK(moment(uniform, 2) == doctest::Approx(0.04 / 3).epsilon(5 * std::sqrt(0.8 / n)));
  CHECK(largest(uniform) <= doctest::Approx(0.2));
  CHECK(largest(uniform) > 0.1999);
}

TEST_CASE("[models] glorot's bound is sqrt(6 / (fan in + fan out)), whatever the scale") {
  const Tensor<float> w = drawn_start({.name = "glorot", .scale = 7}, {100, 200});
  const double bound = std::sqrt(6.0 / 300);
  CHECK(largest(w) <= bound * (1 + 1e-7));
  CHECK(largest(w) > bound * 0.999);
  CHECK(moment(w, 2) == doctest::Approx(2.0 / 300).epsilon(0.05));
}

TEST_CASE("[models] orthogonal starts have orthogonal columns, or rows where they are wide") {
  for (const Shape& shape : {Shape{1, 1}, Shape{50, 50}, Shape{60, 20}, Shape{20, 60}})
    for (double gain : {1.0, 0.9}) {
      CAPTURE(to_string(shape));
      const Tensor<float> w = drawn_start({.name = "orthogonal", .scale = gain}, shape);
      CHECK(w.shape() == shape);
      CHECK(distance_from_orthogonal(w, gain) < 1e-6);
    }
}

TEST_CASE("[models] orthogonal starts are uniform: no direction and no sign is preferred") {
  // The mean of the diagonal is 0 for uniform matrices; with LAPACK's signs it is not. A rotation of the
  // plane and a reflection are equally likely.
  const int draws = 2000;
  double diagonal = 0, square = 0;
  int rotations = 0;
  for (int i = 0; i < draws; ++i) {
    const Tensor<float> w = drawn_start({.name = "orthogonal"}, {2, 2}, static_cast<std::uint32_t>(i));
    diagonal += double(w[0]);
    square += double(w[0]) * double(w[0]);
    rotations += double(w[0]) * double(w[3]) - double(w[1]) * double(w[2]) > 0;
  }
  CHECK(std::abs(diagonal / draws) < 5 * std::sqrt(0.5 / draws));
  CHECK(std::abs(square / draws - 0.5) < 5 * std::sqrt(0.125 / draws));
  CHECK(std::abs(rotations - draws / 2) < 5 * std::sqrt(draws / 4.0));
}

TEST_CASE("[models] the identity is exact and square") {
  const Tensor<float> w = drawn_start({.name = "identity", .scale = 0.25}, {7, 7});
  for (std::int64_t i = 0; i < 7; ++i)
    for (std::int64_t j = 0; j < 7; ++j) CHECK(w[i * 7 + j] == (i == j ? 0.25f : 0.f));
  CHECK_THROWS_AS(drawn_start({.name = "identity"}, {7, 8}), std::invalid_argument);
  CHECK_THROWS_AS(drawn_start({.name = "identity"}, {7}), std::invalid_argument);
}

TEST_CASE("[models] sparse starts have so many entries in each row and the spectral radius asked for") {
  for (std::int64_t nonzeros : {1, 3, 15}) {
    CAPTURE(nonzeros);
    const Tensor<float> w =
        drawn_start({.name = "sparse", .spectral_radius = 0.95, .nonzeros = nonzeros}, {50, 50});
    for (std::int64_t i = 0; i < 50; ++i)
      CHECK(50 - std::count(w.data() + 50 * i, w.data() + 50 * (i + 1), 0.f) == nonzeros);
    CHECK(spectral_radius(convert<double>(w)) == doctest::Approx(0.95).epsilon(1e-6));
  }
  const Tensor<float> full = drawn_start({.name = "sparse", .spectral_radius = 2, .nonzeros = 15}, {4, 4});
  CHECK(std::count(full.data(), full.data() + 16, 0.f) == 0);
  CHECK(spectral_radius(convert<double>(full)) == doctest::Approx(2).epsilon(1e-6));
}

TEST_CASE("[models] every column of a sparse start is as likely as any other") {
  std::vector<int> counts(10);
  for (std::uint32_t index = 0; index < 400; ++index) {
    const Tensor<float> w = drawn_start({.name = "sparse", .nonzeros = 3}, {10, 10}, index);
    for (std::int64_t i = 0; i < 100; ++i) counts[static_cast<std::size_t>(i % 10)] += w[i] != 0;
  }
  for (int count : counts) CHECK(std::abs(count - 1200) < 5 * std::sqrt(4000 * 0.3 * 0.7));
}

TEST_CASE("[models] a start depends only on its stream") {
  for (const std::string& name : initialiser_names()) {
    CAPTURE(name);
    const InitialiserOptions options{.name = name, .low = 0.1};
    const Tensor<float> w = drawn_start(options, {20, 20});
    CHECK(w.shape() == Shape{20, 20});
    CHECK(w.same_bits(drawn_start(options, {20, 20})));
    const std::set<std::string> steady = {"zeros", "identity", "constant", "signs", "linspace", "logspace"};
    CHECK(w.same_bits(drawn_start(options, {20, 20}, 1)) == steady.contains(name));
  }
}

TEST_CASE("[models] biases start at zeros") {
  CHECK(drawn_start({.name = "zeros"}, {9}).same_bits(Tensor<float>({9})));
}

TEST_CASE("[models] unknown initialisers, shapes and options that do not fit are refused by name") {
  CHECK_THROWS_WITH_AS(drawn_start({.name = "he"}, {2, 2}),
                       doctest::Contains("unknown initialiser \"he\" (known: normal, uniform, glorot,"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(drawn_start({.name = "glorot"}, {5}),
                       "initialiser glorot: needs a matrix (out, in), got the shape (5)",
                       std::invalid_argument);
  CHECK_THROWS_AS(drawn_start({.name = "sparse"}, {5, 6}), std::invalid_argument);
  CHECK_THROWS_AS(drawn_start({.name = "sparse", .nonzeros = 0}, {5, 5}), std::invalid_argument);
  CHECK_THROWS_AS(drawn_start({.name = "sparse", .spectral_radius = 0}, {5, 5}), std::invalid_argument);
  CHECK_THROWS_AS(drawn_start({.name = "normal", .scale = std::nan("")}, {5, 5}), std::invalid_argument);
}

TEST_CASE("[models] a start of a spectral radius, of equal distances or ratios, and a permutation") {
  const Tensor<float> w = drawn_start({.name = "radius", .scale = 0.9}, {50, 50});
  CHECK(spectral_radius(convert<double>(w)) == doctest::Approx(0.9).epsilon(1e-5));
  const Tensor<float> line = drawn_start({.name = "linspace", .low = -1, .high = 2}, {4});
  CHECK(line.same_bits(Tensor<float>({4}, {-1.0f, 0.0f, 1.0f, 2.0f})));
  const Tensor<float> powers = drawn_start({.name = "logspace", .low = 0.01, .high = 10}, {4});
  for (int i = 0; i < 4; ++i) CHECK(powers[i] == doctest::Approx(0.01 * std::pow(10, i)));
  const Tensor<float> p = drawn_start({.name = "permutation"}, {9, 9});
  for (int i = 0; i < 9; ++i) {
    float row = 0, column = 0;
    for (int j = 0; j < 9; ++j) row += p[i * 9 + j], column += p[j * 9 + i];
    CHECK((row == 1 && column == 1));
  }
}
