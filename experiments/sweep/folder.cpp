#include "experiments/sweep/folder.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "experiments/config/config_error.hpp"

namespace unroll {

namespace {

/// Creates `folder` where missing and makes sure that files can be made in it. Throws FileError.
void prepare_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw FileError("cannot create the output folder", folder, error.value());
  if (!std::filesystem::is_directory(folder)) throw FileError("cannot use as output folder", folder, ENOTDIR);
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    throw FileError("cannot write into the output folder", folder, errno);
  }
}

using Json = nlohmann::ordered_json;

std::string plan_lines(const SweepPlan& plan) {
  std::string text;
  for (const Trial& trial : plan.trials) {
    Json axes = Json::object();
    for (const std::string& key : plan.axis_keys) {
      if (const auto value = trial.axes.find(key); value != trial.axes.end()) axes[key] = value->second;
    }
    text += Json{{"id", trial.id}, {"axes", axes}}.dump() + '\n';
  }
  return text;
}

Trial trial_from_line(const std::string& line) {
  const Json json = Json::parse(line);
  Trial trial;
  trial.id = json.at("id").get<std::string>();
  for (const auto& [key, value] : json.at("axes").items()) trial.axes[key] = value.get<std::string>();
  return trial;
}

std::vector<Trial> read_plan_lines(const std::filesystem::path& path) {
  std::vector<Trial> trials;
  if (!std::filesystem::exists(path)) return trials;
  std::istringstream lines(read_file(path));
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    try {
      trials.push_back(trial_from_line(line));
    } catch (const nlohmann::json::exception& error) {
      throw ConfigError(fmt::format("{}:{}: expected a trial with its id and axes: {}", path.string(), number,
                                    error.what()));
    }
  }
  return trials;
}

/// Adds the trials that only the folder's plan.jsonl knows.
void add_earlier_trials(SweepPlan& plan, const std::filesystem::path& folder) {
  std::set<std::string> known;
  for (const Trial& trial : plan.trials) known.insert(trial.id);
  for (Trial& trial : read_plan_lines(folder / "plan.jsonl")) {
    if (!known.insert(trial.id).second) continue;
    for (const auto& [key, value] : trial.axes) {
      if (std::ranges::find(plan.axis_keys, key) == plan.axis_keys.end()) plan.axis_keys.push_back(key);
    }
    plan.trials.push_back(std::move(trial));
  }
}

}  // namespace

SweepPlan continued_plan(const std::filesystem::path& folder, SweepPlan plan, bool extend) {
  const auto config = folder / "sweep.toml";
  if (!std::filesystem::exists(config)) return plan;
  const auto difference = config_difference(read_file(config), plan.resolved);
  if (!difference.empty() && !extend) {
    throw SweepRefused(
        fmt::format("{} holds a sweep with another config. What differs from its sweep.toml:\n  {}\n"
                    "Choose another --out, or add the new trials to this one with --extend.",
                    folder.string(), fmt::join(difference, "\n  ")));
  }
  add_earlier_trials(plan, folder);
  return plan;
}

void write_plan(const std::filesystem::path& folder, const SweepPlan& plan, const std::string& header) {
  prepare_folder(folder);
  write_file(folder / "plan.jsonl", plan_lines(plan));
  const auto config = folder / "sweep.toml";
  const bool right =
      std::filesystem::exists(config) && config_difference(read_file(config), plan.resolved).empty();
  if (!right) write_file(config, header + plan.resolved);
}

SweepPlan read_plan(const std::filesystem::path& folder) {
  if (!std::filesystem::exists(folder / "sweep.toml")) {
    throw ConfigError(fmt::format(
        "{} is no sweep's folder: expected a sweep.toml in it (`unroll sweep CONFIG --out DIR` makes one)",
        folder.string()));
  }
  SweepPlan plan = plan_sweep(folder / "sweep.toml", {}, Texts::may_be_gone);
  add_earlier_trials(plan, folder);
  return plan;
}

SweepState sweep_state(const SweepPlan& plan, const JournalReader& journals) {
  SweepState state;
  for (const Trial& trial : plan.trials) {
    const auto found = journals.records().find(trial.id);
    if (found == journals.records().end()) {
      state.missing.push_back(&trial);
      continue;
    }
    state.records.push_back(found->second);
    state.done += found->second.status == TrialStatus::done;
    state.diverged += found->second.status == TrialStatus::diverged;
    state.failed += found->second.status == TrialStatus::failed;
  }
  return state;
}

std::string describe(const SweepPlan& plan, const Trial& trial) {
  std::string text;
  for (const std::string& key : plan.axis_keys) {
    const auto value = trial.axes.find(key);
    if (value == trial.axes.end()) continue;
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", key, value->second);
  }
  return text.empty() ? "the only trial" : text;
}

}  // namespace unroll
