#include "experiments/tasks/chaos/measures.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

using namespace unroll;

namespace {

Orbit made(std::int64_t dimensions, std::int64_t points, const auto& value) {
  Orbit all{.dimensions = dimensions};
  for (std::int64_t n = 0; n < points; ++n)
    for (std::int64_t i = 0; i < dimensions; ++i) all.values.push_back(value(n, i));
  return all;
}

Orbit noise(std::int64_t dimensions, std::int64_t points, std::uint64_t seed, double shift = 0) {
  Stream stream(seed, Purpose::check);
  return made(dimensions, points, [&](auto, auto) { return shift + stream.uniform(); });
}

Orbit wave(std::int64_t points, double cycles) {
  return made(1, points, [&](std::int64_t n, auto) {
    return std::sin(2 * std::numbers::pi * cycles * static_cast<double>(n) / static_cast<double>(points));
  });
}

constexpr double none = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("[chaos] the divergence of two occupations of eight cells is that of their shares") {
  // Corners of a cube: the model is at the first one three times of four instead of once of eight.
  const auto corner = [](std::int64_t n, std::int64_t i) { return static_cast<double>(n >> i & 1); };
  const Orbit even = made(3, 8, corner);
  const Orbit uneven =
      made(3, 28, [&](std::int64_t n, std::int64_t i) { return corner(n < 21 ? 0 : n - 20, i); });
  double nats = 0;
  for (int cell = 0; cell < 8; ++cell) nats += std::log((1.0 / 8) / (cell == 0 ? 0.75 : 1.0 / 28)) / 8;
  CHECK(state_space_divergence({even}, {uneven}, 2) == doctest::Approx(nats).epsilon(1e-4));
  CHECK(state_space_divergence({even}, {even}, 2) == doctest::Approx(0));
  // Orbits count together, whatever their number.
  CHECK(state_space_divergence({even, even}, {uneven}, 2) == doctest::Approx(nats).epsilon(1e-4));
}

TEST_CASE("[chaos] the divergence grows with what is missing, and a model that is nowhere is far from all") {
  for (const std::int64_t dimensions : {1, 3, 5}) {
    const std::vector<Orbit> system = {noise(dimensions, 20000, 1)};
    const auto from = [&](const Orbit& model) { return state_space_divergence(system, {model}, 5); };
    const double same = from(noise(dimensions, 20000, 2));
    const double shifted = from(noise(dimensions, 20000, 2, 0.3)),
                 away = from(noise(dimensions, 20000, 2, 5));
    CHECK(same < 0.02);
    CHECK(shifted > 0.3);
    CHECK(away > shifted);
    CHECK(from(made(dimensions, 20000, [](auto, auto) { return none; })) == doctest::Approx(away));
  }
}

TEST_CASE("[chaos] spectra: 0 of the same, 1 of frequencies far apart, between them as they overlap") {
  const auto distance = [](const Orbit& a, const Orbit& b) { return spectrum_distance({a}, {b}, 4); };
  CHECK(distance(wave(1000, 50), wave(1000, 50)) == doctest::Approx(0));
  CHECK(distance(wave(1000, 50), wave(1000, 300)) == doctest::Approx(1).epsilon(1e-6));
  // Gaussians of equal deviation s, d apart: the squared Hellinger distance is 1 - exp(-d^2 / (8 s^2)).
  const double expected = std::sqrt(1 - std::exp(-36.0 / 8 / 16));
  CHECK(distance(wave(1000, 200), wave(1000, 206)) == doctest::Approx(expected).epsilon(1e-3));
  // Neither a shift nor a factor is a matter of frequencies.
  Orbit louder = wave(1000, 50);
  for (double& x : louder.values) x = 7 + 3 * x;
  CHECK(distance(wave(1000, 50), louder) < 1e-6);
  CHECK(std::isnan(distance(wave(1000, 50), made(1, 1000, [](auto, auto) { return none; }))));
}

TEST_CASE("[chaos] a forecast is valid until the first error above the bound, or a NaN") {
  const auto still = [](std::int64_t, std::int64_t) { return 0.0; };
  const Orbit system = made(4, 50, still);
  const auto valid = [&](const auto& value) { return valid_points(system, made(4, 50, value), 0.4); };
  CHECK(valid(still) == 50);
  // 0.8 in one of four dimensions is 0.4 in the mean: not above.
  CHECK(valid([](std::int64_t n, std::int64_t i) { return n == 20 && i == 1 ? 0.8 : 0.0; }) == 50);
  CHECK(valid([](std::int64_t n, std::int64_t i) { return n == 20 && i == 1 ? 0.801 : 0.0; }) == 20);
  CHECK(valid([](std::int64_t n, std::int64_t) { return n >= 7 ? none : 0.0; }) == 7);
}
