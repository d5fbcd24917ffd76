#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "experiments/laboratory.hpp"
#include "experiments/sweep/config_source.hpp"
#include "experiments/sweep/halving.hpp"
#include "experiments/sweep/trial_id.hpp"

namespace unroll {

/// One point of a sweep.
struct Trial {
  std::string
      id;  ///< 32 hex digits: hash of the canonical non-default, result-affecting keys and results_revision
  Config config;
  /// The values of its plan's axes, resolved, as texts; a key that it does not have (a constant of another
  /// cell) is absent.
  std::map<std::string, std::string> axes = {};
  int revision = results_revision;  ///< of the program that planned it
};

/// A sweep is a set of trials: those of one config, in the order in which its axes are written (last axis
/// fastest), or all that a folder holds (experiments/sweep/folder.hpp).
struct SweepPlan {
  /// What may differ between trials: the keys that the (first) config sweeps in its order, those of `cases`
  /// in order of appearance, then every other key that differs (experiments/sweep/trial_axes.hpp).
  std::vector<std::string> axis_keys;
  std::vector<Trial> trials;
  std::string
      resolved;  ///< TOML: every result-affecting setting and the sweep; of one config itself runnable
  Config base;  ///< the settings outside [sweep], with `out` and `jobs` (absent: their defaults); of a config
  std::optional<Halving> halving = {};  ///< how trials are stopped early
  std::string header = "";  ///< of a folder: the comments above its configs, what made it and when
};

/// Reads `file`, applies `overrides` ("train.updates=100"; a comma list makes an axis), expands and validates
/// every trial. Throws ConfigError (experiments/config/config_error.hpp).
SweepPlan plan_sweep(const Laboratory& laboratory, const std::filesystem::path& file,
                     const std::vector<std::string>& overrides);

/// The same of a config that has been read.
SweepPlan plan_sweep(const Laboratory& laboratory, ConfigSource source);

/// The one trial of `unroll run`: the file (none: the defaults) with overrides. Throws ConfigError, also when
/// axes are left; the overrides that would fix them are part of the message.
Trial plan_trial(const Laboratory& laboratory, const std::optional<std::filesystem::path>& file,
                 const std::vector<std::string>& overrides);

/// The config as TOML, where each key comes from beside it. Throws ConfigError.
std::string print_config(const Laboratory& laboratory, const std::optional<std::filesystem::path>& file,
                         const std::vector<std::string>& overrides);

/// The same of a config that has been read.
std::string print_config(const Laboratory& laboratory, const ConfigSource& source);

/// What differs between two sets of trials, one line for each key: "train.updates: 3000 in the output folder,
/// 100 in this config", "seed: [1, 2] in ..., [1, 2, 3] in ...". Empty when they are the same set.
std::vector<std::string> plan_difference(const Laboratory& laboratory, const SweepPlan& a, const SweepPlan& b,
                                         const std::string& name_a = "the output folder",
                                         const std::string& name_b = "this config");

}  // namespace unroll
