#pragma once

#include <cstdint>
#include <vector>

#include "experiments/data/sequence.hpp"

namespace unroll {

/// How many entries each part has; a fraction above 0 has at least one.
struct PartSizes {
  std::int64_t training, validation, test;
};
PartSizes part_sizes(std::int64_t entries, double validation_fraction, double test_fraction);

/// The numbers 0 to n - 1 in an order that is drawn from `seed`.
std::vector<std::int64_t> random_order(std::int64_t n, std::uint64_t seed);

/// Pieces of `window` steps of a range, one every `stride` steps. Where these are as long as the window, what
/// is left at the end is a shorter piece.
std::vector<Range> windows_in(Range steps, std::int64_t window, std::int64_t stride);

}  // namespace unroll
