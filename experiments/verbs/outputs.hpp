#pragma once

#include <filesystem>
#include <vector>

#include "experiments/sweep/plan.hpp"
#include "experiments/train/record.hpp"

namespace unroll {

/// Writes results.csv and report.html of a sweep into its folder; files that hold the same already are left
/// alone. Throws FileError.
void write_outputs(const std::filesystem::path& folder, const SweepPlan& plan,
                   const std::vector<TrialRecord>& records);

}  // namespace unroll
