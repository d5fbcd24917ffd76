#include "experiments/tasks/chaos/orbit.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

using namespace unroll;

namespace {

/// The field of a system whose state is what is observed, by hand.
std::vector<double> slope_of(const std::string& name, const std::vector<double>& x) {
  if (name == "lorenz63")
    return {10 * (x[1] - x[0]), x[0] * (28 - x[2]) - x[1], x[0] * x[1] - 8.0 / 3 * x[2]};
  const auto n = static_cast<int>(x.size());
  std::vector<double> slope;
  const auto at = [&](int i) { return x[static_cast<std::size_t>((i % n + n) % n)]; };
  for (int i = 0; i < n; ++i) slope.push_back((at(i + 1) - at(i - 2)) * at(i - 1) - at(i) + 8);
  return slope;
}

}  // namespace

TEST_CASE("[chaos] points follow each other as many small steps of Euler's method say") {
  for (const ChaoticSystem& system : {lorenz63(), lorenz96(7)}) {
    Stream stream(3, Purpose::check);
    std::vector<double> state = start_of(system, stream), by_euler = state;
    constexpr int steps = 200000;
    for (int k = 0; k < steps; ++k) {
      const std::vector<double> slope = slope_of(system.name, by_euler);
      for (std::size_t i = 0; i < slope.size(); ++i) by_euler[i] += system.sample / steps * slope[i];
    }
    system.advance(state);
    for (std::size_t i = 0; i < state.size(); ++i)
      CHECK(state[i] == doctest::Approx(by_euler[i]).epsilon(1e-4));
  }
}

TEST_CASE(
    "[chaos] Mackey-Glass follows its equation with a delay, as a fine Euler method with a history says") {
  const ChaoticSystem system = mackey_glass();
  Stream stream(3, Purpose::check);
  std::vector<double> state = start_of(system, stream);
  // Ten of the state's values to a unit of time; fifty times as many here, the ones between by a straight
  // line.
  constexpr int finer = 50, unit = 10 * finer;
  std::vector<double> past;  // the oldest first
  for (std::size_t k = 171; k > 0; --k)
    for (int part = 0; part < finer; ++part)
      past.push_back(state[k] + (state[k - 1] - state[k]) * part / finer);
  past.push_back(state[0]);
  constexpr int samples = 40;
  for (int k = 0; k < samples * unit; ++k) {
    const double now = past.back(), delayed = past[past.size() - 1 - 17 * unit];
    past.push_back(now + (0.2 * delayed / (1 + std::pow(delayed, 10)) - 0.1 * now) / unit);
  }
  for (int n = 0; n < samples; ++n) system.advance(state);
  CHECK(state[0] == doctest::Approx(past.back()).epsilon(5e-3));
}

TEST_CASE("[chaos] the largest exponents are known ones") {
  Stream stream(5, Purpose::check);
  CHECK(largest_exponent(lorenz63(), stream, 40000) == doctest::Approx(0.906).epsilon(0.02));
  // Sprott 2003 has 0.0058 for these numbers; others, 0.007.
  const double delayed = largest_exponent(mackey_glass(), stream, 20000);
  CHECK(delayed > 0.004);
  CHECK(delayed < 0.009);
}

TEST_CASE("[chaos] orbits stay on the attractor and are functions of their start") {
  for (const ChaoticSystem& system : {lorenz63(), lorenz96(), mackey_glass()}) {
    Stream one(7, Purpose::check), again(7, Purpose::check), other(8, Purpose::check);
    std::vector<double> a = start_of(system, one), b = start_of(system, again), c = start_of(system, other);
    const Orbit first = orbit(system, a, 500);
    CHECK(first.points() == 500);
    CHECK(first.values == orbit(system, b, 500).values);
    CHECK(first.values != orbit(system, c, 500).values);
    CHECK(std::ranges::all_of(first.values, [](double x) { return std::abs(x) < 60; }));
  }
}
