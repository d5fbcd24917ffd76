#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "experiments/config/document.hpp"
#include "experiments/config/where.hpp"
#include "experiments/sweep/axis.hpp"
#include "experiments/sweep/halving.hpp"
#include "experiments/sweep/sampler.hpp"

namespace unroll {

/// What [sweep] says.
struct SweepSection {
  std::vector<ConfigAxis> axes;
  Sampler sampler = {};
  std::optional<Where> where = {};
  std::optional<Halving> halving = {};
};

/// A config as read, with all that it includes and the overrides: what is fixed and what is swept. Of what is
/// said twice the later one counts, be it fixed or swept; within one file the axis.
struct ConfigSource {
  std::string name;  ///< of the file, for messages
  std::string out;   ///< default output folder
  Settings settings = {};
  SweepSection sweep = {};
};

/// Reads a file (none: nothing is said) and overrides: "train.updates=100", "task.length=10,20",
/// "task.length=10..100:10", "seed={count=20}", "sweep.where=...", "sweep.sampler={...}". Throws ConfigError.
ConfigSource read_source(const OptionTable& options, const std::optional<std::filesystem::path>& file,
                         const std::vector<std::string>& overrides);

/// The same of documents, a later one over an earlier one, and of a name for messages.
ConfigSource read_source(const OptionTable& options, std::string name,
                         const std::vector<TomlDocument>& documents,
                         const std::vector<std::string>& overrides);

/// What of [sweep] is no axis of one key, for --help.
std::string sweep_help();

}  // namespace unroll
