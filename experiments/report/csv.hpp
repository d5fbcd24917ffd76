#pragma once

#include <string>
#include <vector>

#include "experiments/sweep/plan.hpp"
#include "experiments/records/record.hpp"

namespace unroll {

/// results.csv: one row per trial in plan order, a function of plan and records alone (no timing), so that
/// two runs of one sweep give the same bytes. A trial without a record has the status "missing"; it and a
/// failed one have no numbers. Quoted as RFC 4180 says; lines end in a line feed, as git and awk want them.
std::string results_csv(const SweepPlan& plan, const std::vector<TrialRecord>& records);

}  // namespace unroll
