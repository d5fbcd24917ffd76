#include "experiments/sweep/folder.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <set>

#include "experiments/config/config_error.hpp"
#include "experiments/sweep/folder_lock.hpp"
#include "experiments/sweep/plan_file.hpp"

namespace unroll {

namespace {

/// Creates `folder` where missing and makes sure that files can be made in it. Throws FileError.
void prepare_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw FileError("cannot create the output folder", folder, error.value());
  if (!std::filesystem::is_directory(folder, error))
    throw FileError("cannot use as output folder", folder, ENOTDIR);
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    refuse_file("cannot write into the output folder", folder, errno);
  }
}

/// Nothing where there is no such file. Throws FileError for one that cannot be read.
std::optional<std::string> text_in(const std::filesystem::path& path) {
  try {
    return read_file(path);
  } catch (const FileError& error) {
    if (error.error() == ENOENT || error.error() == ENOTDIR) return std::nullopt;
    throw;
  }
}

std::filesystem::path plan_path(const std::filesystem::path& folder) { return folder / "plan.jsonl"; }

/// Nothing where the folder holds no sweep.
std::optional<StoredPlan> stored_plan(const Laboratory& laboratory, const std::filesystem::path& folder) {
  const std::filesystem::path path = plan_path(folder);
  if (const auto text = text_in(path)) return stored_plan_from(laboratory, *text, path.string());
  const std::filesystem::path config = folder / "sweep.toml";
  if (!text_in(config)) return std::nullopt;
  // Another process may have written both since: the plan comes first.
  if (const auto text = text_in(path)) return stored_plan_from(laboratory, *text, path.string());
  throw ConfigError(fmt::format(
      "{} stands without the plan.jsonl that belongs to it: it is no folder of a sweep, or one of an "
      "earlier version of the program; choose another --out",
      config.string()));
}

std::vector<Trial> new_trials(const StoredPlan& stored, const SweepPlan& asked) {
  std::set<std::string_view> known;
  for (const Trial& trial : stored.trials) known.insert(trial.id);
  std::vector<Trial> trials;
  for (const Trial& trial : asked.trials)
    if (!known.contains(trial.id)) trials.push_back(trial);
  return trials;
}

void refuse(const Laboratory& laboratory, const std::filesystem::path& folder, const StoredPlan& stored,
            const SweepPlan& asked) {
  const auto difference = plan_difference(laboratory, plan_of(laboratory, stored), asked);
  throw SweepRefused(
      fmt::format("{} holds a sweep with another config. What differs from its plan.jsonl:\n  {}\n"
                  "Choose another --out, or add the new trials to this one with --extend.",
                  folder.string(), fmt::join(difference, "\n  ")));
}

std::string halving_text(const std::optional<Halving>& halving) {
  return halving ? "halving = " + to_toml(*halving) : "no halving";
}

/// Which trials are stopped follows from all that are compared.
void refuse_other_search(const std::filesystem::path& folder, const StoredPlan& stored,
                         const SweepPlan& asked, std::size_t added) {
  const std::optional<Halving>& there = stored.configs.front().halving;
  const bool same = there ? asked.halving && there->same_as(*asked.halving) : !asked.halving;
  const bool whole = asked.trials.size() == stored.trials.size();
  if (same && (!there || (added == 0 && whole))) return;
  throw SweepRefused(
      fmt::format("{} holds a sweep of {} trials with {}, but this config has {} trials with {}: which are "
                  "stopped depends on "
                  "all of them, so that nothing can be added or left out; choose another --out",
                  folder.string(), stored.trials.size(), halving_text(there), asked.trials.size(),
                  halving_text(asked.halving)));
}

/// What the folder holds with `asked`.
StoredPlan joined_plan(const Laboratory& laboratory, const std::filesystem::path& folder,
                       const SweepPlan& asked, bool extend, const std::string& header) {
  std::optional<StoredPlan> there = stored_plan(laboratory, folder);
  if (!there) return {{{"sweep.toml", header, asked.resolved, asked.axis_keys, asked.halving}}, asked.trials};
  const std::vector<Trial> added = new_trials(*there, asked);
  refuse_other_search(folder, *there, asked, added.size());
  if (added.empty()) return std::move(*there);
  if (!extend) refuse(laboratory, folder, *there, asked);
  const std::string file = fmt::format("sweep-{}.toml", there->configs.size() + 1);
  there->configs.push_back({file, header, asked.resolved, asked.axis_keys});
  there->trials.insert(there->trials.end(), added.begin(), added.end());
  return std::move(*there);
}

/// Whether nothing is left to write of a plan that has every trial of `asked`.
bool holds_all(const std::filesystem::path& folder, const SweepPlan& asked) {
  std::error_code none;
  const std::vector<PlannedConfig> configs = stored_configs(folder);
  const std::set<std::string> ids = stored_ids(folder);
  return !configs.empty() && std::ranges::all_of(configs, [&](const PlannedConfig& config) {
    return std::filesystem::exists(folder / config.file, none);
  }) && std::ranges::all_of(asked.trials, [&](const Trial& trial) { return ids.contains(trial.id); });
}

/// What was read with a config, its texts, for what the folder knows by their hashes.
void take_configs(const SweepPlan& asked, StoredPlan& stored) {
  std::map<std::string_view, const Trial*> by_id;
  for (const Trial& trial : asked.trials) by_id.emplace(trial.id, &trial);
  for (Trial& trial : stored.trials)
    if (const auto at = by_id.find(trial.id); at != by_id.end()) trial.config = at->second->config;
}

}  // namespace

SweepPlan continued_plan(const Laboratory& laboratory, const std::filesystem::path& folder,
                         const SweepPlan& asked, bool extend) {
  StoredPlan stored = joined_plan(laboratory, folder, asked, extend, "");
  take_configs(asked, stored);
  SweepPlan plan = plan_of(laboratory, stored);
  plan.base = asked.base;
  return plan;
}

void write_plan(const Laboratory& laboratory, const std::filesystem::path& folder, const SweepPlan& asked,
                bool extend, const std::string& header) {
  prepare_folder(folder);
  const FolderLock lock(folder);
  if (holds_all(folder, asked)) return;
  const StoredPlan plan = joined_plan(laboratory, folder, asked, extend, header);
  // The configs are copies for people of what plan.jsonl says, and so come second: what a killed process did
  // not write any more, the next one writes.
  write_file(plan_path(folder), to_lines(laboratory, plan));
  for (const PlannedConfig& config : plan.configs)
    if (!text_in(folder / config.file)) write_file(folder / config.file, config.header + config.resolved);
}

SweepPlan read_plan(const Laboratory& laboratory, const std::filesystem::path& folder) {
  if (const auto stored = stored_plan(laboratory, folder)) return plan_of(laboratory, *stored);
  throw ConfigError(fmt::format(
      "{} is no sweep's folder: expected a plan.jsonl in it (`unroll sweep CONFIG --out DIR` makes one)",
      folder.string()));
}

void StoredSweep::refresh(const Laboratory& laboratory) {
  if (stored_ids(folder).size() != plan.trials.size()) plan = read_plan(laboratory, folder);  // it only grows
  plan.header = headers_of(stored_configs(folder));  // of a new folder nobody has read it yet
  journals.refresh();
}

StoredSweep read_sweep(const Laboratory& laboratory, const std::filesystem::path& folder) {
  StoredSweep sweep{folder, read_plan(laboratory, folder), JournalReader(folder)};
  sweep.journals.refresh();
  return sweep;
}

RecordOf record_finder(const JournalReader& journals) {
  return [&](const std::string& id) {
    const auto found = journals.records().find(id);
    return found == journals.records().end() ? nullptr : &found->second;
  };
}

SweepState sweep_state(const SweepPlan& plan, const JournalReader& journals) {
  SweepState state;
  const std::vector<std::int64_t> targets = targets_of(plan, record_finder(journals));
  std::size_t i = 0;
  for (const Trial& trial : plan.trials) {
    const std::int64_t target = targets[i++];
    const auto found = journals.records().find(trial.id);
    if (found == journals.records().end() || !reaches(found->second, target)) state.missing.push_back(&trial);
    if (found == journals.records().end()) continue;
    state.records.push_back(found->second);
    state.done += found->second.status == TrialStatus::done;
    state.stopped += found->second.status == TrialStatus::stopped;
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
