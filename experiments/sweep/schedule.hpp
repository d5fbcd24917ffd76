#pragma once

#include <functional>
#include <vector>

#include "experiments/sweep/plan.hpp"
#include "experiments/train/trial.hpp"

namespace unroll {

using CostFunction = std::function<TrialCost(const Config&)>;

/// One trial that is to be run.
struct Job {
  const Trial* trial;
  TrialCost cost;
  std::int64_t target = 0;   ///< updates after which the search stops it; 0: it goes on to its end
  std::int64_t reached = 0;  ///< where the search stopped it before
};

/// The trials with their costs, longest first, so that the last ones to end are short. Trials of equal cost
/// stand in an order drawn from `shuffle`: processes that share a folder then rarely want the same one
/// at once. Trials that differ only by their seed cost the same and are costed once. Throws SweepRefused
/// naming the trial whose cost cannot be told.
std::vector<Job> schedule(const SweepPlan& plan, const std::vector<const Trial*>& trials,
                          const CostFunction& cost, std::uint64_t shuffle);

/// Throws SweepRefused when the largest trial alone needs more than `available` bytes; of others fewer run at
/// once where they do not fit together.
void check_memory(const SweepPlan& plan, const std::vector<Job>& jobs, std::uint64_t available);

}  // namespace unroll
