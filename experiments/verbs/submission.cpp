#include "experiments/verbs/submission.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "experiments/cluster/slurm_script.hpp"
#include "experiments/config/config_error.hpp"
#include "experiments/sweep/plan_file.hpp"
#include "experiments/sweep/schedule.hpp"
#include "experiments/train/trial.hpp"

namespace unroll {

namespace {

std::filesystem::path numbered(const std::filesystem::path& folder, int number, std::string_view ending) {
  return folder / slurm_folder_name / fmt::format("{}.{}", number, ending);
}

/// Whether a process has begun to work by the plan.
bool has_workers(const std::filesystem::path& folder) {
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(folder, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with("journal-") || name.starts_with("worker-") || name.starts_with("claim-"))
      return true;
  }
  return false;
}

void try_to_remove(const std::filesystem::path& path) {
  std::error_code none;
  std::filesystem::remove(path, none);  // of a folder: only where nothing is in it
}

}  // namespace

Submission::Submission(const Laboratory& laboratory, const SweepPlan& plan, const SweepOptions& options)
    : laboratory_(laboratory), plan_(plan), options_(options) {
  std::error_code none;
  for (std::filesystem::path at = options.out; at.has_relative_path(); at = at.parent_path())
    if (!std::filesystem::exists(at, none)) new_folders_.push_back(at);
  const std::size_t known = stored_ids(options.out).size();
  const SweepPlan joined = continued_plan(laboratory, options.out, plan, options.extend);
  plan_is_new_ = known == 0;
  plan_grows_ = joined.trials.size() > known;
  JournalReader journals(options.out);
  journals.refresh();
  const auto trials = unroll::trials_to_run(joined, plan, journals, options.retry_failed);
  trials_to_run_ = trials.size();
  schedule(
      joined, trials, [&](const Config& config) { return trial_cost(laboratory, config); }, 0);
}

std::filesystem::path Submission::next_config() const {
  std::error_code none;
  int number = 1;
  while (std::filesystem::exists(numbered(options_.out, number, "toml"), none)) ++number;
  return numbered(options_.out, number, "toml");
}

void Submission::write(const std::string& config, const ScriptFor& script_for) {
  write_plan(laboratory_, options_.out, plan_, options_.extend, options_.header);
  if (options_.retry_failed) {
    JournalReader journals(options_.out);
    journals.refresh();
    std::vector<const Trial*> trials;
    for (const Trial& trial : plan_.trials) trials.push_back(&trial);
    set_failed_aside(options_.out, journals, trials);
  }
  make_folders_below(options_.out, options_.out / slurm_folder_name);
  write_files(config, script_for);
  try {
    check_config();
  } catch (...) {
    withdraw();
    throw;
  }
}

void Submission::write_files(const std::string& config, const ScriptFor& script_for) {
  config_ = next_config();
  while (!create_file(config_, config)) config_ = next_config();  // two submissions have two numbers
  script_ = std::filesystem::path(config_).replace_extension("sh");
  write_file(script_, script_for(config_));
}

/// A task plans what was planned here: it would be refused otherwise, hours later.
void Submission::check_config() const {
  const SweepPlan plan = plan_sweep(laboratory_, config_, {});
  const bool same_search = plan.halving.has_value() == plan_.halving.has_value() &&
                           (!plan.halving || plan.halving->same_as(*plan_.halving));
  if (same_search && std::ranges::equal(plan.trials, plan_.trials, {}, &Trial::id, &Trial::id)) return;
  throw SweepRefused(fmt::format(
      "{}, which holds all settings of the sweep for its tasks, does not plan the same trials: a file that "
      "the config names has changed meanwhile, or this is a fault of unroll",
      config_.string()));
}

void Submission::withdraw() {
  const std::filesystem::path& folder = options_.out;
  try_to_remove(script_);
  try_to_remove(config_);
  try_to_remove(folder / slurm_folder_name);
  if (!plan_is_new_ || has_workers(folder)) return;
  for (const char* name : {"plan.jsonl", "sweep.toml", "checked-cells.txt"}) try_to_remove(folder / name);
  for (const std::filesystem::path& one : new_folders_) try_to_remove(one);
  plan_grows_ = false;
}

std::string Submission::what_is_left() const {
  if (plan_grows_)
    return fmt::format("nothing was submitted; the new trials stay in the plan of {}", options_.out.string());
  return "nothing was submitted";
}

}  // namespace unroll
