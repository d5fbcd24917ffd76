#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "experiments/sweep/runner.hpp"

namespace unroll {

/// What a submission to a cluster writes into the folder of a sweep: the plan, where it is not there yet, and
/// slurm/N.toml and slurm/N.sh, the config that its tasks read and their script.
class Submission {
 public:
  /// Throws as continued_plan() and schedule() do: what is refused is refused here, before any task waits
  /// for its turn. Writes nothing. `options.out` is absolute.
  Submission(const Laboratory& laboratory, const SweepPlan& plan, const SweepOptions& options);

  /// As for run_sweep().
  std::size_t trials_to_run() const { return trials_to_run_; }
  /// Where write() would put the config.
  std::filesystem::path next_config() const;

  /// Throws FileError; also SweepRefused, with nothing left behind, where `config` does not plan the same
  /// trials as it stands there.
  using ScriptFor = std::function<std::string(const std::filesystem::path& config)>;
  void write(const std::string& config, const ScriptFor& script_for);
  const std::filesystem::path& script() const { return script_; }

  /// Takes back what write() wrote, but for the plan where it was there before, or others work by it already.
  void withdraw();
  /// As a sentence.
  std::string what_is_left() const;

 private:
  void write_files(const std::string& config, const ScriptFor& script_for);
  void check_config() const;

  const Laboratory& laboratory_;
  const SweepPlan& plan_;
  const SweepOptions& options_;
  std::size_t trials_to_run_ = 0;
  bool plan_is_new_ = false;
  bool plan_grows_ = false;
  std::vector<std::filesystem::path> new_folders_;  ///< that of the sweep, and those above it
  std::filesystem::path config_, script_;
};

}  // namespace unroll
