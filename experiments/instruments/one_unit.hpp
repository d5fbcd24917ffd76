#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "experiments/instruments/state_map.hpp"

namespace unroll {

// Nets of one unit, whose weight w and bias b are numbers: what a step does can be drawn.

/// The parameter by which the unit sees itself, a recurrent matrix of one element or a vector w; none where
/// there is none.
std::optional<std::size_t> own_weight(const std::vector<ParameterSpec>& specs);
/// The unit's bias: one number, with a name that begins with b.
std::optional<std::size_t> own_bias(const std::vector<ParameterSpec>& specs);

/// Why a trial has no such weight; "" where it has one.
std::string needs_own_weight(const Laboratory& laboratory, const Config& config);
/// The same of weight and bias.
std::string needs_weight_and_bias(const Laboratory& laboratory, const Config& config);

/// `count` numbers from `least` to `most`, evenly.
std::vector<double> grid(double least, double most, std::size_t count);

/// Where the unit comes to rest without input, from far below and from far above. A step is monotonic in one
/// unit's state, so that there are fixed points and orbits of two points, and no others: the states at an
/// even and at the next step.
struct Attractors {
  struct Orbit {
    double even = 0, odd = 0;
  };
  Orbit below, above;

  /// Whether it depends on the start: the unit remembers.
  bool two() const;
};
Attractors attractors_of(StateMap& map);

}  // namespace unroll
