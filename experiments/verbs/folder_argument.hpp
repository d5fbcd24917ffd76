#pragma once

#include <filesystem>

#include "experiments/sweep/folder.hpp"
#include "experiments/verbs/verb.hpp"

namespace unroll {

/// A sweep as it lies on the disk.
struct StoredSweep {
  std::filesystem::path folder;
  SweepPlan plan;
  JournalReader journals;
};

/// Reads the sweep whose folder is the verb's only word; lines that cannot be read are said on stderr. Throws
/// UsageError, ConfigError, FileError or JournalConflict.
StoredSweep read_sweep(const Arguments& arguments);

}  // namespace unroll
