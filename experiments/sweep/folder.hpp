#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "experiments/sweep/journal.hpp"
#include "experiments/sweep/plan.hpp"

namespace unroll {

/// A sweep that must not start: another config or build under an existing folder, or too little memory. The
/// program ends with exit status 2.
class SweepRefused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The plan that continues what is in `folder`: `plan`, followed by the trials that an extended folder holds
/// beyond it (their `config` is not known, so they are shown but not run). Throws SweepRefused, naming the
/// difference, when the folder's sweep.toml says something else, unless `extend`. Writes nothing.
SweepPlan continued_plan(const std::filesystem::path& folder, SweepPlan plan, bool extend);

/// Creates the folder with sweep.toml (the resolved config below `header`, lines of comment) and plan.jsonl
/// (one line per trial), or leaves those that are there and right as they are. Throws FileError.
void write_plan(const std::filesystem::path& folder, const SweepPlan& plan, const std::string& header);

/// The plan of an existing folder. Throws ConfigError or FileError.
SweepPlan read_plan(const std::filesystem::path& folder);

/// What is known of a sweep, in the order of its plan.
struct SweepState {
  std::vector<TrialRecord> records;   ///< finished trials
  std::vector<const Trial*> missing;  ///< points into the plan
  std::size_t done = 0;
  std::size_t diverged = 0;
  std::size_t failed = 0;
};
SweepState sweep_state(const SweepPlan& plan, const JournalReader& journals);

/// The settings of one trial in words: "task.length=100 model.activation=tanh seed=3".
std::string describe(const SweepPlan& plan, const Trial& trial);

}  // namespace unroll
