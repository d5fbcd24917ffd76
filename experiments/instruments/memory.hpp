#pragma once

#include <cstdint>
#include <vector>

#include "experiments/instruments/state_map.hpp"

namespace unroll {

/// How much of its inputs the states of a system still hold, linearly: r²(k) is the squared correlation of
/// u(t - k) with what the best affine function of the states says of it, on steps that it was not fitted to,
/// for k = 1, 2, ... steps back, 1 the input that the last step read; with several inputs the sum over
/// them.
struct LinearMemory {
  std::vector<double> r2;  ///< r2[k - 1]

  /// Jaeger 2001: the sum over k, at most as many as there are states, up to what chance adds.
  double capacity() const;
  /// How many steps back half of the input is still there at every delay up to that.
  std::int64_t length() const;
};

struct MemoryOptions {
  std::int64_t delays;
  std::int64_t rows = 16;      ///< systems side by side, half of them to fit to
  std::int64_t steps = 512;    ///< measured
  std::int64_t warm_up = 200;  ///< steps before
  std::uint64_t seed = 0;
};

/// Under inputs that are independent at every step, uniform in [-1, 1]. No delays where something is not
/// finite.
LinearMemory linear_memory(StateMap& map, const MemoryOptions& options);

}  // namespace unroll
