#pragma once

#include <cstddef>
#include <vector>

#include "experiments/report/axes.hpp"

namespace unroll {

/// A curve over several runs: at each place the median, the lowest and the highest of their values.
struct Band {
  std::vector<double> at;      ///< updates, or time steps counted from 1
  std::vector<double> median;  ///< a value that is not finite ranks above all others; see spread_of
  std::vector<double> low, high;
};

/// Validation loss over updates. A run that stopped early keeps its last value until the longest run of the
/// cell ends; one that diverged counts as not finite from there on. At most `points` places.
Band loss_band(const SweepCell& cell, std::size_t points);

enum class Moment { start, end };

/// ‖∂L/∂h_t‖ over t at the start or at the end of training. At most `points` places.
Band gradient_band(const SweepCell& cell, Moment moment, std::size_t points);

}  // namespace unroll
