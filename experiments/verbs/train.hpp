#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "experiments/config/overrides.hpp"
#include "experiments/sweep/plan.hpp"
#include "experiments/verbs/verb.hpp"

namespace unroll {

/// Adds the flags that `run` and `sweep` share.
void add_training_flags(Flags& flags);

/// --print-config of `run`, `sweep` and `plan`: the config with where each key comes from, and nothing else.
void add_print_config_flag(Flags& flags);
int print_config_of(const Arguments& arguments, const ConfigArguments& config);

/// --jobs, else the config's `jobs`. Throws UsageError.
int jobs_of(const Arguments& arguments, const Config& base);

/// --out, else the config's `out`, else out/`name`.
std::filesystem::path output_folder(const Arguments& arguments, const Config& base, const std::string& name);

/// Runs what is missing of `plan` in `folder` and writes results.csv and report.html, also after an
/// interruption. Prints the table and the report's path to stdout. Gives the exit status.
/// The best model of each trial is kept in folder_of_model(trial), the first and last ones in first/ and
/// last/ below: those that --keep-models names, or else `kept_by_default`.
using FolderOfModel = std::function<std::filesystem::path(const Trial&)>;
int train(const Arguments& arguments, const SweepPlan& plan, const std::filesystem::path& folder,
          const FolderOfModel& folder_of_model, const std::string& kept_by_default);

}  // namespace unroll
