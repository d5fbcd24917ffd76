#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "experiments/config/check.hpp"
#include "experiments/config/config.hpp"

namespace unroll {

/// One point of a sweep.
struct Trial {
  std::string
      id;  ///< 32 hex digits: hash of the canonical non-default, result-affecting keys and results_revision
  Config config;
  std::map<std::string, std::string> axes;  ///< swept keys and their values, as written in the config
};

/// A sweep is a set of trials, in the order in which its axes are written (last axis fastest).
struct SweepPlan {
  std::vector<std::string>
      axis_keys;  ///< in the order of the file; the keys of `cases` in order of appearance
  std::vector<Trial> trials;
  std::string resolved;  ///< TOML: every result-affecting setting and the sweep, itself runnable
  Config base;           ///< the settings outside [sweep], with `out` and `jobs` (absent: their defaults)
};

/// Reads `file`, applies `overrides` ("train.updates=100"; a comma list makes an axis), expands and validates
/// every trial. Throws ConfigError (experiments/config/config_error.hpp).
SweepPlan plan_sweep(const std::filesystem::path& file, const std::vector<std::string>& overrides,
                     Texts texts = Texts::needed);

/// The one trial of `unroll run`: the file (none: the defaults) with overrides. Throws ConfigError, also when
/// axes are left; the overrides that would fix them are part of the message.
Trial plan_trial(const std::optional<std::filesystem::path>& file, const std::vector<std::string>& overrides);

/// What differs between two resolved configs, one line for each key: "train.updates: 3000 in the output
/// folder, 100 in this config". Empty when they make the same set of trials. Throws ConfigError when one of
/// them is no config.
std::vector<std::string> config_difference(const std::string& resolved_a, const std::string& resolved_b,
                                           const std::string& name_a = "the output folder",
                                           const std::string& name_b = "this config");

}  // namespace unroll
