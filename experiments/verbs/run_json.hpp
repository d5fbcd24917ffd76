#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "experiments/laboratory.hpp"
#include "experiments/records/record.hpp"
#include "experiments/sweep/plan.hpp"

namespace unroll {

/// What `run --format json` prints: one object in one line with the trial's id, status, reason, success,
/// updates, every metric by its name (null where it is not finite), all settings, and its folder.
std::string run_json(const Laboratory& laboratory, const Trial& trial, const TrialRecord& record,
                     const std::filesystem::path& folder);

/// The same as one flat object, for a line of CSV: metrics and settings by their own names.
nlohmann::ordered_json run_row(const Laboratory& laboratory, const Trial& trial, const TrialRecord& record,
                               const std::filesystem::path& folder);

}  // namespace unroll
