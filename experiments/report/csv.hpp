#pragma once

#include <string>
#include <vector>

#include "experiments/records/record.hpp"
#include "experiments/sweep/fixed_settings.hpp"
#include "experiments/sweep/plan.hpp"

namespace unroll {

/// results.csv: one row per trial in plan order, a function of plan and records alone (no timing), so that
/// two runs of one sweep give the same bytes: id, axes, status and what every record has, the scalars of the
/// records in order of first appearance, then the settings that are the same in all trials. A trial without a
/// record has the status "missing"; it and a failed one have no numbers.
std::string results_csv(const SweepPlan& plan, const std::vector<TrialRecord>& records,
                        const std::vector<FixedSetting>& fixed = {});

/// series.csv: every series of every trial in long form, a point a line; the same bytes as results.csv is.
std::string series_csv(const SweepPlan& plan, const std::vector<TrialRecord>& records);

/// timing.csv: what may differ between two runs of one sweep: how long each trial took, how often it was
/// started, on which machine and by which build it was finished.
std::string timing_csv(const SweepPlan& plan, const std::vector<TrialRecord>& records);

/// Quoted as RFC 4180 says; ends in a line feed, as git and awk want it.
std::string csv_line(const std::vector<std::string>& fields);

}  // namespace unroll
