#pragma once

#include <string>
#include <vector>

#include "experiments/laboratory.hpp"
#include "experiments/records/record.hpp"
#include "experiments/report/comparison.hpp"
#include "experiments/sweep/folder.hpp"

namespace unroll {

/// A set of trials and what people call it: its folder, or the setting that they share.
struct NamedTrials {
  std::string name;
  ComparedSet set;
};

/// All trials of a folder, as they are known by now.
NamedTrials named_trials(const StoredSweep& sweep);

/// The trials of two sets that have a partner in the other one, as one sweep: the set is its first axis,
/// "folder", beside the keys that the sets share. The seed counts the pairs of a configuration.
struct JointSweep {
  SweepPlan plan;
  std::vector<TrialRecord> records;
};
JointSweep joint_sweep(const NamedTrials& before, const NamedTrials& now, const PairedSets& paired);

/// The page that says what changed from one sweep to another: settings, builds, every figure paired by all
/// other settings, then the plots of a report with the folder as an axis. Throws ConfigError where no trial
/// has a partner.
std::string against_html(const Laboratory& laboratory, const NamedTrials& before, const NamedTrials& now);

}  // namespace unroll
