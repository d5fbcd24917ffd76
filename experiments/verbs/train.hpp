#pragma once

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "experiments/config/overrides.hpp"
#include "experiments/sweep/folder.hpp"
#include "experiments/sweep/runner.hpp"
#include "experiments/sweep/space.hpp"
#include "experiments/train/trial_models.hpp"
#include "experiments/verbs/checked_cells.hpp"
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

/// What `sweep` and `plan` are about: the config, or without one the axes of the command line. Throws
/// ConfigError, and UsageError where there is neither.
ConfigSource sweep_source(const Arguments& arguments, const ConfigArguments& config);

/// The config's name; without one what the settings alone tell: "sweep-" and 8 hex digits.
std::string sweep_name(const Arguments& arguments, const ConfigArguments& config, const Space& space);

/// What a user typed or named as one line of a comment, whatever is in it: what is no UTF-8 there (a path may
/// be anything) would make a TOML file unreadable.
std::string one_line(std::string_view text);

/// What flags and config say of running `plan` in `folder`. Throws UsageError.
SweepOptions sweep_options(const Arguments& arguments, const SweepPlan& plan,
                           const std::filesystem::path& folder);

/// --keep-models, or else `by_default`: "first,best". Throws UsageError.
std::set<Kept> kept_models(const Arguments& arguments, const std::string& by_default);

/// What trials need beside their settings: memory for the texts, cells whose gradients are right, data, of
/// which it says what was read. Throws ConfigError or DataError.
void check_plan(const Laboratory& laboratory, const SweepPlan& plan, CheckedCells& cells);

/// Runs what is missing of `plan` in `folder` and writes results.csv and report.html, also after an
/// interruption. Prints the table and the report's path to stdout, or what `show` does. Gives the exit
/// status. The best model of each trial is kept in folder_of_model(trial), the first and last ones in first/
/// and last/ below: those that --keep-models names, or else `kept_by_default`.
using FolderOfModel = std::function<std::filesystem::path(const Trial&)>;
/// Prints what came out; `written`: whether the report could be.
using ShowResults = std::function<void(const Laboratory&, const SweepPlan&, const StoredSweep&,
                                       const std::vector<TrialRecord>&, bool written)>;
void print_tables(const Laboratory& laboratory, const SweepPlan& plan, const StoredSweep& stored,
                  const std::vector<TrialRecord>& records, bool written);
int train(const Arguments& arguments, const SweepPlan& plan, const std::filesystem::path& folder,
          const FolderOfModel& folder_of_model, const std::string& kept_by_default, const ShowResults& show);

}  // namespace unroll
