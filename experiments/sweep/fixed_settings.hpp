#pragma once

#include <string>
#include <vector>

#include "experiments/sweep/plan.hpp"

namespace unroll {

/// A setting that has one value, other than its default, in all trials of a plan.
struct FixedSetting {
  std::string key;
  std::string text;  ///< as to_text() gives it; of a file "PATH@HASH"
};

/// All of them, in the order of the options table: with the plan's axes they say what its trials are. A
/// default is what a trial would have were the setting not given: one that follows from others (a task's
/// first variant, the epsilon of an optimiser) is none of these.
std::vector<FixedSetting> fixed_settings(const Laboratory& laboratory, const SweepPlan& plan);

}  // namespace unroll
