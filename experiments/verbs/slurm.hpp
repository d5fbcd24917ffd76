#pragma once

#include <filesystem>

#include "experiments/sweep/plan.hpp"
#include "experiments/verbs/verb.hpp"

namespace unroll {

/// --slurm and what belongs to it.
void add_slurm_flags(Flags& flags);

/// Whether --slurm is given. Throws UsageError for flags that belong to it and stand without it.
bool wants_slurm(const Arguments& arguments);

/// Writes the plan of a sweep into its folder and submits a job array to Slurm whose tasks run it; waits for
/// none of them. `config` is what the tasks read: all settings, so that files of the user may change once
/// they are submitted. With --dry-run the script is printed, and nothing is written or submitted. Gives the
/// exit status. Throws as train() does before it trains.
int submit_to_slurm(const Arguments& arguments, const SweepPlan& plan, const std::string& config,
                    const std::filesystem::path& folder, const std::string& name);

}  // namespace unroll
