#pragma once

#include <filesystem>
#include <string>

#include "experiments/records/record.hpp"
#include "experiments/sweep/plan.hpp"

// One trial in words, before and after it.

namespace unroll {

/// "adding (standard) at length 100 by vanilla, 100 units, 10501 parameters: at most 3000 updates of 20
/// sequences, seed 1".
std::string what_it_trains(const Laboratory& laboratory, const Config& config);

/// "3000 updates in 4.1 s", where the files are, and what to do next with the model in `folder`.
std::string what_it_did(const Laboratory& laboratory, const Trial& trial, const TrialRecord& record,
                        const std::filesystem::path& folder);

}  // namespace unroll
