#pragma once

#include <cstdint>

namespace unroll {

/// The sizes of one training step of a recurrent network.
struct StepShape {
  std::int64_t steps;   ///< T
  std::int64_t rows;    ///< B, sequences side by side
  std::int64_t inputs;  ///< of the cell
  std::int64_t hidden;

  bool operator==(const StepShape&) const = default;
};

}  // namespace unroll
