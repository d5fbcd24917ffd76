#pragma once

#include <string>
#include <vector>

#include "experiments/records/record.hpp"
#include "experiments/sweep/plan.hpp"

namespace unroll {

/// Which point of a search is best: by the median over its seeds of the best validation loss, among those
/// that were trained to their end with all seeds; with the median on the test set, which took no part in the
/// choice.
/// "" where there is nothing to choose between, or where the points solve different tasks.
std::string best_point_text(const SweepPlan& plan, const std::vector<TrialRecord>& records);

}  // namespace unroll
