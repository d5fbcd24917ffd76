#pragma once

#include <filesystem>

#include "experiments/verbs/folder_argument.hpp"

namespace unroll {

/// Writes results.csv, series.csv, timing.csv and report.html of a sweep into its folder, from its plan and
/// journals as they are by now, which `sweep` takes up. Each process that finished trials looks again behind
/// its last file, and writes anew where there is more by then: whoever comes last wrote the rows of all.
/// Files that hold the same already are left alone. Throws ConfigError or FileError.
void write_outputs(const Laboratory& laboratory, StoredSweep& sweep);

}  // namespace unroll
