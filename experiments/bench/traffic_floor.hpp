#pragma once

#include <cstdint>
#include <vector>

#include "models/language/equation_cell.hpp"

namespace unroll {

/// What the equations of a step make for one sequence, products aside.
struct Traffic {
  std::int64_t elements = 0;    ///< of all values and next states
  std::int64_t operations = 0;  ///< elementwise ones, an exponential counting as one
};
Traffic traffic_of(const EquationCell& cell);

/// The least that memory has to do for both passes over a cell's values: each is written once, from one of
/// the step before, and read once by the reverse pass, with a cotangent that is carried from step to step.
class TrafficFloor {
 public:
  TrafficFloor(std::int64_t elements_of_a_step, std::int64_t steps);

  void run();

 private:
  std::int64_t elements_, steps_;
  std::vector<float> values_, cotangent_;
};

}  // namespace unroll
