#pragma once

#include <filesystem>

#include "experiments/sweep/folder.hpp"
#include "experiments/verbs/verb.hpp"

namespace unroll {

/// The verb's only word, the folder of a sweep. Throws UsageError.
std::filesystem::path folder_argument(const Arguments& arguments);

/// "12 trials: 10 done, 1 diverged, 0 failed, 1 missing".
std::string counts_text(const StoredSweep& sweep, const SweepState& state);

/// Says on stderr which lines of the journals cannot be read.
void say_ignored(const StoredSweep& sweep);

}  // namespace unroll
