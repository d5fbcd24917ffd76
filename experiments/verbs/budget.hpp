#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "experiments/config/overrides.hpp"
#include "experiments/verbs/verb.hpp"

namespace unroll {

/// Of `--budget 12min`: the override "train.updates=N" with the most updates that all trials can make in that
/// time, all equally many, as measured for a second; what the folder's plan says once there is one. Nothing
/// without the flag. Throws UsageError and ConfigError, as where not even the first validation fits.
std::optional<std::string> budget_override(const Arguments& arguments, const ConfigArguments& config,
                                           const std::filesystem::path& folder, int jobs);

}  // namespace unroll
