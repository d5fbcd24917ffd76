#pragma once

#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <limits>
#include <string>

#include "experiments/sweep/folder.hpp"
#include "experiments/sweep/schedule.hpp"

namespace unroll {

using TrialFunction = std::function<TrialRecord(const Config&, const TrialHooks&)>;

struct SweepOptions {
  std::filesystem::path out;
  int jobs = 0;  ///< threads: trials at once; 0: the cores this process may use
  bool extend = false;
  bool allow_other_build = false;
  /// Trials that a machine of another kind began are left to it.
  bool same_cpu = false;
  bool retry_failed = false;
  bool stop_on_failure = false;  ///< the first trial that fails ends the sweep
  /// Of one trial in this call; zero: none. One that reaches it has failed, and goes on from there when it is
  /// retried.
  std::chrono::milliseconds time_limit = {};
  /// Bytes that the trials which run at once may need together, as they were costed.
  std::uint64_t memory = std::numeric_limits<std::uint64_t>::max();
  /// After so long without a sign of life another process's trials are taken over.
  std::chrono::milliseconds patience = std::chrono::seconds(60);
  /// For the trials of other processes, which may die. Otherwise it ends once nothing has been left to claim
  /// for that long: what died by then has been taken over.
  bool wait = true;
  std::string build;   ///< goes into every record
  std::string header;  ///< lines of comment above the resolved config in sweep.toml
  std::FILE* progress = stderr;
  /// What becomes of the best models; null: nothing. Called from the trials' threads.
  std::function<void(const Trial&, const KeptModel&)> keep_model = {};
  /// What becomes of batches in which a value that is not finite came up; null: nothing.
  std::function<void(const Trial&, const NonFiniteBatch&)> keep_non_finite = {};
};

struct SweepResult {
  SweepPlan plan;  ///< all that the folder holds: what was asked for, and other configs'
  JournalReader journals;
  std::vector<TrialRecord> records;  ///< finished trials, in the order of the plan
  std::size_t missing = 0;
  std::size_t diverged = 0;
  std::size_t failed = 0;
  bool interrupted = false;
  std::string error;  ///< a journal could not be written: what the operating system said
};

/// Trials of `plan`, which is a folder's, without a record of all that is to be trained by now, and failed
/// ones where they are to be retried; what other configs than that of `asked` added is left out.
std::vector<const Trial*> trials_to_run(const SweepPlan& plan, const SweepPlan& asked,
                                        const JournalReader& journals, bool retry_failed);

/// Sets the records of those of `trials` that failed aside. Throws FileError.
void set_failed_aside(const std::filesystem::path& folder, const JournalReader& journals,
                      const std::vector<const Trial*>& trials);

/// Runs the trials of `asked` that `options.out` does not hold yet, several at once, and keeps each in a
/// journal as soon as it ends. A trial that throws is recorded as failed and the others go on; one that
/// throws Interrupted is not recorded. When `stop` becomes true nothing more starts; a disk that takes no
/// more records raises it. The outcome of a trial depends neither on `jobs` nor on the order in which trials
/// end. Throws SweepRefused or FileError before the first trial starts.
SweepResult run_sweep(const Laboratory& laboratory, const SweepPlan& asked, const SweepOptions& options,
                      const TrialFunction& run, const CostFunction& cost, std::atomic<bool>& stop);

}  // namespace unroll
