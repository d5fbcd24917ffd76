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

/// Reads a sweep's folder. Throws ConfigError or FileError.
StoredSweep read_sweep(const Laboratory& laboratory, const std::filesystem::path& folder);

/// The verb's only word, the folder of a sweep. Throws UsageError.
std::filesystem::path folder_argument(const Arguments& arguments);

/// Says on stderr which lines of the journals cannot be read.
void say_ignored(const StoredSweep& sweep);

}  // namespace unroll
