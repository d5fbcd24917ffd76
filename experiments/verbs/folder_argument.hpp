#pragma once

#include <filesystem>

#include "experiments/sweep/folder.hpp"
#include "experiments/verbs/verb.hpp"

namespace unroll {

/// The verb's only word, the folder of a sweep. Throws UsageError.
std::filesystem::path folder_argument(const Arguments& arguments);

/// Says on stderr which lines of the journals cannot be read.
void say_ignored(const StoredSweep& sweep);

}  // namespace unroll
