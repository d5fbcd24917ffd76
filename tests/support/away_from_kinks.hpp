#pragma once

#include <algorithm>
#include <cstdint>

#include "framework/plan/gradcheck.hpp"

namespace unroll {

/// check(seed) at the first of five seeds, each a point of its own, that is not so close to a kink (of ReLU,
/// or of modReLU) that the slope jumps between the steps of the differences. A wrong derivative is wrong
/// without such a jump.
template <class Check>
GradcheckReport away_from_kinks(const Check& check) {
  for (std::uint64_t seed = 1;; ++seed) {
    GradcheckReport report = check(seed);
    const bool at_kink = std::ranges::any_of(
        report.entries, [](const GradcheckEntry& e) { return !e.ok && e.uncertainty > 1e-3; });
    if (!at_kink || seed == 5) return report;
  }
}

}  // namespace unroll
