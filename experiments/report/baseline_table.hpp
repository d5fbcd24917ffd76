#pragma once

#include <string>
#include <vector>

#include "experiments/laboratory.hpp"
#include "experiments/records/record.hpp"
#include "experiments/sweep/plan.hpp"

namespace unroll {

/// For each task of a plan that has them, what simple predictors reach on its validation and test sets beside
/// the trial with the lowest validation loss, and what was read from the user's files; one table each, in the
/// order of the plan. Of classes in nats, bits and perplexity. Empty where no task has any. Makes the tasks.
std::string baseline_tables(const Laboratory& laboratory, const SweepPlan& plan,
                            const std::vector<TrialRecord>& records);

}  // namespace unroll
