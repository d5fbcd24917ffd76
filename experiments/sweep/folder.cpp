#include "experiments/sweep/folder.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <map>
#include <optional>
#include <set>

#include "experiments/config/config_error.hpp"
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

/// Nothing where the folder holds no sweep.
std::optional<StoredPlan> stored_plan(const Laboratory& laboratory, const std::filesystem::path& folder) {
  StoredPlan plan;
  for (const std::filesystem::path& file : plan_files(folder)) {
    StoredPlan one = stored_plan_from(laboratory, read_file(file), file.string());
    std::ranges::move(one.configs, std::back_inserter(plan.configs));
    std::ranges::move(one.trials, std::back_inserter(plan.trials));
  }
  if (!plan.configs.empty()) return plan;
  const std::filesystem::path config = folder / config_file_name(1);
  if (!text_in(config)) return std::nullopt;
  // Another process may have written both since: the plan comes first.
  if (!plan_files(folder).empty()) return stored_plan(laboratory, folder);
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

bool same_search(const std::optional<Halving>& a, const std::optional<Halving>& b) {
  return a.has_value() == b.has_value() && (!a || a->same_as(*b));
}

/// Which trials are stopped follows from all that are compared.
void refuse_other_search(const std::filesystem::path& folder, const StoredPlan& stored,
                         const SweepPlan& asked, std::size_t added) {
  const std::optional<Halving>& there = stored.configs.front().halving;
  const bool same = same_search(there, asked.halving);
  const bool whole = asked.trials.size() == stored.trials.size();
  if (same && (!there || (added == 0 && whole))) return;
  throw SweepRefused(
      fmt::format("{} holds a sweep of {} trials with {}, but this config has {} trials with {}: which are "
                  "stopped depends on "
                  "all of them, so that nothing can be added or left out; choose another --out",
                  folder.string(), stored.trials.size(), halving_text(there), asked.trials.size(),
                  halving_text(asked.halving)));
}

/// What `asked` adds to what the folder holds; no trials: nothing. Throws SweepRefused.
StoredPlan addition_of(const Laboratory& laboratory, const std::filesystem::path& folder,
                       const std::optional<StoredPlan>& there, const SweepPlan& asked, bool extend,
                       const std::string& header) {
  const std::size_t number = there ? there->configs.size() + 1 : 1;
  PlannedConfig config{config_file_name(number), header, asked.resolved, asked.axis_keys, asked.halving};
  if (!there) return {{std::move(config)}, asked.trials};
  std::vector<Trial> added = new_trials(*there, asked);
  refuse_other_search(folder, *there, asked, added.size());
  if (!added.empty() && !extend) refuse(laboratory, folder, *there, asked);
  return {{std::move(config)}, std::move(added)};
}

/// What the folder holds with `asked`.
StoredPlan joined_plan(const Laboratory& laboratory, const std::filesystem::path& folder,
                       const SweepPlan& asked, bool extend) {
  std::optional<StoredPlan> there = stored_plan(laboratory, folder);
  StoredPlan added = addition_of(laboratory, folder, there, asked, extend, "");
  if (!there) return added;
  if (added.trials.empty()) return std::move(*there);
  std::ranges::move(added.configs, std::back_inserter(there->configs));
  std::ranges::move(added.trials, std::back_inserter(there->trials));
  return std::move(*there);
}

bool holds_all(const std::filesystem::path& folder, const SweepPlan& asked) {
  const std::set<std::string> ids = stored_ids(folder);
  const std::vector<PlannedConfig> configs = stored_configs(folder);
  return !configs.empty() && same_search(configs.front().halving, asked.halving) &&
         std::ranges::all_of(asked.trials, [&](const Trial& trial) { return ids.contains(trial.id); });
}

/// Copies for people of what the plan files say, which come first: what a killed process did not write any
/// more, the next one writes.
void write_configs(const std::filesystem::path& folder) {
  for (const PlannedConfig& config : stored_configs(folder))
    if (!text_in(folder / config.file)) write_file(folder / config.file, config.header + config.resolved);
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
  StoredPlan stored = joined_plan(laboratory, folder, asked, extend);
  take_configs(asked, stored);
  SweepPlan plan = plan_of(laboratory, stored);
  plan.base = asked.base;
  return plan;
}

void write_plan(const Laboratory& laboratory, const std::filesystem::path& folder, const SweepPlan& asked,
                bool extend, const std::string& header) {
  prepare_folder(folder);
  while (!holds_all(folder, asked)) {
    const std::optional<StoredPlan> there = stored_plan(laboratory, folder);
    const StoredPlan added = addition_of(laboratory, folder, there, asked, extend, header);
    if (added.trials.empty()) break;  // another process has just written them
    const std::size_t number = there ? there->configs.size() + 1 : 1;
    // Where another process was quicker its plan is looked at first.
    create_file(folder / plan_file_name(number), to_lines(laboratory, added));
  }
  write_configs(folder);
}

namespace {

/// A sweep's folder that a file of it was given for, or those in a folder; nothing where there are none.
std::string sweeps_near(const std::filesystem::path& folder) {
  constexpr std::size_t most = 5;
  std::error_code none;
  if (!std::filesystem::is_directory(folder, none)) {
    const std::filesystem::path parent = folder.has_parent_path() ? folder.parent_path() : ".";
    const bool is_of_sweep = std::filesystem::exists(parent / plan_file_name(1), none);
    return is_of_sweep ? fmt::format("; did you mean {}?", parent.string()) : "";
  }
  std::vector<std::string> found;
  for (auto entry = std::filesystem::directory_iterator(folder, none);
       !none && entry != std::filesystem::directory_iterator(); entry.increment(none))
    if (std::filesystem::exists(entry->path() / plan_file_name(1), none))
      found.push_back(entry->path().string());
  std::ranges::sort(found);
  const bool more = found.size() > most;
  found.resize(std::min(found.size(), most));
  return found.empty() ? ""
                       : fmt::format("; sweeps in it: {}{}", fmt::join(found, ", "), more ? ", ..." : "");
}

}  // namespace

SweepPlan read_plan(const Laboratory& laboratory, const std::filesystem::path& folder) {
  if (const auto stored = stored_plan(laboratory, folder)) return plan_of(laboratory, *stored);
  throw ConfigError(fmt::format(
      "{} is no sweep's folder: expected a plan.jsonl in it (`unroll sweep CONFIG --out DIR` makes one){}",
      folder.string(), sweeps_near(folder)));
}

bool StoredSweep::refresh(const Laboratory& laboratory) {
  const bool grew = stored_ids(folder).size() != plan.trials.size();  // it does nothing else
  if (grew) plan = read_plan(laboratory, folder);
  plan.header = headers_of(stored_configs(folder));  // of a new folder nobody has read it yet
  return journals.refresh() || grew;
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
