#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/sweep/plan.hpp"

namespace unroll {

/// A config that added trials to a folder.
struct PlannedConfig {
  std::string file;                ///< its copy in the folder: "sweep.toml", then "sweep-2.toml", ...
  std::string header;              ///< lines of comment above it: what made it
  std::string resolved;            ///< as resolved_toml() gives it
  std::vector<std::string> swept;  ///< its axes, in its order
  std::optional<Halving> halving = {};
};

/// What the plan files of a folder hold, plan.jsonl and, of each config that was added, plan-2.jsonl and so
/// on: files that are made once, by one process alone, and never changed. It is all that is needed to show,
/// continue and extend its sweep, without its configs, their cells' files and texts. The first line of a file
/// has the format's number and the configs; then one line a trial with its id, results_revision, every
/// result-affecting setting by its key and the equations of its cell, in the order in which they were added.
/// Numbers are JSON's, 64-bit seeds strings, text files "PATH@HASH".
struct StoredPlan {
  std::vector<PlannedConfig> configs;
  std::vector<Trial> trials;  ///< their texts are not read: `content` is null
};

/// As text, one JSON object a line.
std::string to_lines(const Laboratory& laboratory, const StoredPlan& plan);

/// Reads what to_lines() wrote. Throws ConfigError naming `name` and the line: damaged, of an earlier format,
/// or with settings that this program does not know.
StoredPlan stored_plan_from(const Laboratory& laboratory, std::string_view lines, const std::string& name);

/// A folder's plan files in the order in which they were made.
std::vector<std::filesystem::path> plan_files(const std::filesystem::path& folder);
/// Of the n-th config, counted from 1: plan.jsonl and sweep.toml, plan-2.jsonl and sweep-2.toml, ...
std::string plan_file_name(std::size_t n);
std::string config_file_name(std::size_t n);

/// The ids of the trials that a folder's plan files hold, read line by line without the rest; none where
/// there is no such file.
std::set<std::string> stored_ids(const std::filesystem::path& folder);

/// The configs in a folder's plan files; none of a damaged one.
std::vector<PlannedConfig> stored_configs(const std::filesystem::path& folder);
/// The comments above them, as SweepPlan::header has them.
std::string headers_of(const std::vector<PlannedConfig>& configs);

/// Its trials with the axes that follow from all of them.
SweepPlan plan_of(const Laboratory& laboratory, const StoredPlan& stored);

}  // namespace unroll
