#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "experiments/report/axes.hpp"

namespace unroll {

/// A series over several runs: at each place the median, the lowest and the highest of their values.
struct Band {
  std::vector<double> at;      ///< rising, but for points in a plane
  std::vector<double> median;  ///< a value that is not finite ranks as worse than all others
  std::vector<double> low, high;
};

/// The series of that name and moment over the runs of a cell, at all places that any of them has, or
/// `points` of those. A held one keeps its last value from where its run ended; if the run diverged, it
/// counts as not finite from there on. Any other counts where it has a value only. Of points in a plane, of
/// which there is no median, those of the first run that has any, the first `points` of them in their order.
Band band_of(const SweepCell& cell, std::string_view name, std::string_view moment, std::size_t points);

/// At most `points` of `count` places in a row, as indices: evenly spread, the first and the last among them.
std::vector<std::size_t> spread_places(std::size_t count, std::size_t points);

}  // namespace unroll
