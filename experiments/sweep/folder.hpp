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

/// The set of trials that `folder` holds once `asked` has joined it: the folder's in their order, then those
/// of `asked` that are new; those of `asked` keep its configs, whose texts are read. A new folder's is
/// `asked`. Throws SweepRefused, naming the difference, when some are new to an existing folder, unless
/// `extend`; ConfigError for a plan of another version of the program. Writes nothing.
SweepPlan continued_plan(const Laboratory& laboratory, const std::filesystem::path& folder,
                         const SweepPlan& asked, bool extend);

/// Creates the folder where missing and adds to it what `asked` adds, as a plan file of its own, looking
/// again as continued_plan() does: of two processes that start at the same moment one makes the file and the
/// other sees it. The config of the first is kept as sweep.toml, that of each extension as sweep-2.toml and
/// so on, below `header` (lines of comment). A plan that `asked` adds nothing to is left as it is. Throws as
/// continued_plan() does, and FileError.
void write_plan(const Laboratory& laboratory, const std::filesystem::path& folder, const SweepPlan& asked,
                bool extend, const std::string& header);

/// The plan of an existing folder, from its plan.jsonl alone. Throws ConfigError or FileError.
SweepPlan read_plan(const Laboratory& laboratory, const std::filesystem::path& folder);

/// A sweep as it lies on the disk.
struct StoredSweep {
  std::filesystem::path folder;
  SweepPlan plan;
  JournalReader journals;

  /// Reads what was added since; false where that is nothing. Throws ConfigError or FileError.
  bool refresh(const Laboratory& laboratory);
};

/// Reads a sweep's folder. Throws ConfigError or FileError.
StoredSweep read_sweep(const Laboratory& laboratory, const std::filesystem::path& folder);

/// What is known of a sweep, in the order of its plan.
struct SweepState {
  std::vector<TrialRecord> records;   ///< of finished trials, and of those that the search lets go on
  std::vector<const Trial*> missing;  ///< points into the plan; what has still to be trained
  std::size_t done = 0;
  std::size_t stopped = 0;
  std::size_t diverged = 0;
  std::size_t failed = 0;
};
SweepState sweep_state(const SweepPlan& plan, const JournalReader& journals);

/// For targets_of(): the records that were read.
RecordOf record_finder(const JournalReader& journals);

/// The settings of one trial in words: "task.length=100 model.activation=tanh seed=3".
std::string describe(const SweepPlan& plan, const Trial& trial);

}  // namespace unroll
