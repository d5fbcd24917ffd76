#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "experiments/records/record.hpp"
#include "experiments/sweep/plan.hpp"

namespace unroll {

/// The table that ends a sweep as rows for other programs, one per cell: its values on the keys of the axes,
/// then every statistic as a number, not rounded. Flat objects with the same members in the same order; null
/// is what is not known, and a number that is not finite a text.
std::vector<nlohmann::ordered_json> summary_rows(const SweepPlan& plan,
                                                 const std::vector<TrialRecord>& records);

}  // namespace unroll
