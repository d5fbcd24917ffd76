#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "framework/random/stream.hpp"

namespace unroll {

/// Points of an orbit at equal times, one after the other.
struct Orbit {
  std::int64_t dimensions;
  std::vector<double> values = {};

  std::int64_t points() const { return static_cast<std::int64_t>(values.size()) / dimensions; }
  std::span<const double> point(std::int64_t n) const {
    return std::span(values).subspan(static_cast<std::size_t>(n * dimensions),
                                     static_cast<std::size_t>(dimensions));
  }
};

/// A chaotic system, and how it is sampled. Integrated by the classical Runge-Kutta method of order 4.
struct ChaoticSystem {
  std::string name;
  std::int64_t dimensions;      ///< that are observed
  std::int64_t state;           ///< numbers that say how it goes on: with a delay, its history too
  double sample;                ///< time between two points
  double transient;             ///< time after which a start has come near the attractor
  std::vector<double> typical;  ///< a point of the state from which starts differ by small random numbers
  /// Moves the state on by the time of a sample.
  std::function<void(std::span<double> state)> advance;
};

/// x' = 10 (y - x), y' = x (28 - z) - y, z' = x y - 8/3 z (Lorenz 1963), every 0.03.
ChaoticSystem lorenz63();
/// x_i' = (x_(i+1) - x_(i-2)) x_(i-1) - x_i + 8 on a ring of so many (Lorenz 1996), every 0.04.
ChaoticSystem lorenz96(std::int64_t dimensions = 20);
/// x' = 0.2 x(t - 17) / (1 + x(t - 17)^10) - 0.1 x (Mackey & Glass 1977), every 1. The delayed value between
/// two steps of integration is that of the cubic through its neighbours.
ChaoticSystem mackey_glass();

/// A state that a start drawn from the stream has come to behind the transient.
std::vector<double> start_of(const ChaoticSystem& system, Stream& stream);

/// So many points from a state on, which moves along.
Orbit orbit(const ChaoticSystem& system, std::span<double> state, std::int64_t points);

/// The largest Lyapunov exponent per unit of time: how fast two near orbits part, brought near again after
/// every sample (Benettin et al. 1980).
double largest_exponent(const ChaoticSystem& system, Stream& stream, std::int64_t points);

}  // namespace unroll
