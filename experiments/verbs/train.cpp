#include "experiments/verbs/train.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/program_options/value_semantic.hpp>
#include <cstdio>
#include <ctime>
#include <set>
#include <vector>

#include "experiments/report/baseline_table.hpp"
#include "experiments/report/best_point.hpp"
#include "experiments/report/table.hpp"
#include "experiments/saved/saved_model.hpp"
#include "experiments/sweep/resolved.hpp"
#include "experiments/sweep/run.hpp"
#include "experiments/sweep/runner.hpp"
#include "experiments/sweep/say.hpp"
#include "experiments/sweep/signals.hpp"
#include "experiments/text/unicode.hpp"
#include "experiments/train/trial.hpp"
#include "experiments/verbs/build.hpp"
#include "experiments/verbs/duration_flag.hpp"
#include "experiments/verbs/number_flag.hpp"
#include "experiments/verbs/outputs.hpp"
#include "experiments/verbs/replay.hpp"
#include "experiments/verbs/text_memory.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

constexpr std::int64_t most_jobs = 4096;

struct KeptName {
  std::string_view name;
  Kept which;
};
constexpr std::array<KeptName, 3> kept_names = {
    {{"first", Kept::first}, {"best", Kept::best}, {"last", Kept::last}}};

/// Below a model's folder: the best one so far of a training that goes on.
constexpr const char* unfinished_name = "unfinished";

/// What made the folder, as comment above its resolved config.
std::string header_of(const Arguments& arguments, const std::string& build) {
  return fmt::format("# {}\n# {}\n# begun {:%Y-%m-%d %H:%M:%S} UTC, with the program of commit {}\n\n",
                     one_line(arguments.command_line), one_line(build), fmt::gmtime(std::time(nullptr)),
                     source_commit());
}

std::chrono::seconds patience_of(const Arguments& arguments) {
  const auto seconds = arguments.flags["takeover-after"].as<std::int64_t>();
  if (seconds >= 1 && seconds <= 86'400) return std::chrono::seconds(seconds);
  throw UsageError(fmt::format("--takeover-after must be from 1 to 86400 seconds, but is {}", seconds));
}

/// Whether the files could be written. The trials are on the disk already; a full disk must not hide why the
/// sweep ended.
bool try_to_write_outputs(const Laboratory& laboratory, StoredSweep& sweep) {
  try {
    write_outputs(laboratory, sweep);
    return true;
  } catch (const FileError& error) {
    say("unroll: {}\n", error.what());
    return false;
  }
}

int give_up(const Arguments& arguments, StoredSweep& sweep, const SweepResult& result, const std::string& why,
            int status) {
  try_to_write_outputs(arguments.laboratory(), sweep);
  say("unroll: {}\n{} finished trials are kept in {}, {} are missing; the same command continues.\n", why,
      result.records.size(), sweep.folder.string(), result.missing);
  return status;
}

void print_failures(const SweepResult& result) {
  for (const TrialRecord& record : result.records) {
    if (record.status != TrialStatus::failed) continue;
    say("failed: trial {}: {}\n", record.id, record.reason);
  }
  if (result.failed > 0) say("--retry-failed runs failed trials again\n");
}

/// Below the trial's: the best model is what a model's folder is asked for.
std::filesystem::path folder_of(Kept which) {
  const auto known = std::ranges::find(kept_names, which, &KeptName::which);
  return which == Kept::best ? std::filesystem::path() : std::filesystem::path(known->name);
}

/// What was read of the user's files, before hours go by on it: once for each distinct task.
void print_data(const Laboratory& laboratory, const SweepPlan& plan) {
  std::vector<TaskConfig> shown;
  for (const Trial& trial : plan.trials) {
    if (std::ranges::find(shown, trial.config.task) != shown.end()) continue;
    shown.push_back(trial.config.task);
    const std::string text = laboratory.make_task(trial.config.task)->description();
    if (!text.empty()) say("{}\n", text);
  }
}

/// "task.length=10..100" is one value, lengths that are drawn; an axis has a step.
std::string hint_at_drawn_lengths(const std::vector<std::string>& overrides) {
  const std::string key = "task.length=";
  for (const std::string& one : overrides)
    if (one.starts_with(key) && one.find("..") != one.npos && one.find(':') == one.npos)
      return fmt::format("; {} has each sequence of a length of its own, {}:10 each length a trial",
                         printable(one), printable(one));
  return "";
}

/// Models on the way of trials that are recorded, whichever process left them.
void remove_unfinished(const SweepResult& result, const FolderOfModel& folder_of_model) {
  std::set<std::string_view> recorded;
  for (const TrialRecord& record : result.records) recorded.insert(record.id);
  std::error_code none;
  for (const Trial& trial : result.plan.trials)
    if (recorded.contains(trial.id))
      std::filesystem::remove_all(folder_of_model(trial) / unfinished_name, none);
}

}  // namespace

void add_training_flags(Flags& flags) {
  namespace po = boost::program_options;
  flags.add_options()("out,o", po::value<std::string>(),
                      "output folder; out/ and the config's name by default")(
      "dry-run,n",
      "say what would be trained and how long it takes, with --slurm print the batch script; nothing is "
      "written")(
      "jobs,j", number_flag<std::int64_t>(),
      "threads: trials at once, then shards of a batch; 0, the default: one per core that may be used")(
      "extend", "add the trials of a changed config to an existing folder")(
      "takeover-after", number_flag<std::int64_t>()->default_value(60),
      "seconds without a sign of life after which the trials of another process are taken over; those of a "
      "process of this machine that has ended are at once")(
      "allow-other-build", "continue a folder that another build of the program began")(
      "same-cpu",
      "leave trials that another CPU model (or variant of libraries) began to machines of that kind; without "
      "it they go on here, and the last bits may differ")("retry-failed", "run failed trials again")(
      "on-fail", po::value<std::string>()->default_value("continue"),
      "when a trial fails: continue with the others, or stop")(
      "time-limit", duration_flag("--time-limit"),
      "of each trial: 90s, 30min, 2h; one that reaches it has failed, and --retry-failed goes on from "
      "there")("fail-on-diverged", "exit status 1 also when a trial diverged")(
      "keep-models", po::value<std::string>()->implicit_value("best"),
      "which models of a trial are kept: a list of first, best and last. `run` keeps the best one in its "
      "folder, "
      "others in first/ and last/ below; `sweep` none, or those asked for in trials/ID");
  add_print_config_flag(flags);
}

void add_print_config_flag(Flags& flags) {
  flags.add_options()(
      "print-config",
      "print the config as it is after includes and overrides, and where each key comes from");
}

int print_config_of(const Arguments& arguments, const ConfigArguments& config) {
  const std::optional<std::filesystem::path> file = config.file;
  fmt::print("{}", print_config(arguments.laboratory(), file, config.overrides));
  return exit_good;
}

bool stops_on_failure(const Arguments& arguments) {
  const auto what = arguments.flags["on-fail"].as<std::string>();
  if (what == "stop" || what == "continue") return what == "stop";
  throw UsageError(fmt::format("--on-fail: expected continue or stop, found \"{}\"", printable(what)));
}

int jobs_of(const Arguments& arguments, const Config& base) {
  const std::int64_t jobs = arguments.has("jobs") ? arguments.flags["jobs"].as<std::int64_t>() : base.jobs;
  if (jobs >= 0 && jobs <= most_jobs) return static_cast<int>(jobs);
  throw UsageError(fmt::format("--jobs must be from 0 (one per core) to {}, but is {}", most_jobs, jobs));
}

std::filesystem::path output_folder(const Arguments& arguments, const Config& base, const std::string& name) {
  if (arguments.has("out")) return arguments.flags["out"].as<std::string>();
  if (!base.out.empty()) return base.out;
  return std::filesystem::path("out") / name;
}

ConfigSource sweep_source(const Arguments& arguments, const ConfigArguments& config) {
  const std::optional<std::filesystem::path> file = config.file;
  ConfigSource source = read_source(arguments.laboratory().options(), file, config.overrides);
  if (file || !source.sweep.axes.empty()) return source;
  throw UsageError(
      fmt::format("a sweep needs a config file, or an axis: a setting with several values, like "
                  "task.length=10,20 or seed=1..5{}",
                  hint_at_drawn_lengths(config.overrides)));
}

std::string sweep_name(const Arguments& arguments, const ConfigArguments& config, const Space& space) {
  if (config.file) return std::filesystem::path(*config.file).stem().string();
  const std::string resolved = resolved_toml(arguments.laboratory(), space.base(), space.source().sweep);
  return fmt::format("sweep-{:08x}", XXH3_64bits(resolved.data(), resolved.size()) >> 32);
}

std::string one_line(std::string_view text) {
  std::string line;
  while (!text.empty()) {
    const std::size_t bytes = first_code_point(text).bytes;
    const bool control = bytes == 1 && (static_cast<unsigned char>(text[0]) < ' ' || text[0] == 127);
    line += bytes == 0 || control ? "?" : text.substr(0, bytes);
    text.remove_prefix(std::max<std::size_t>(bytes, 1));
  }
  return line;
}

SweepOptions sweep_options(const Arguments& arguments, const SweepPlan& plan,
                           const std::filesystem::path& folder) {
  SweepOptions options;
  options.out = folder;
  options.jobs = jobs_of(arguments, plan.base);
  options.extend = arguments.has("extend");
  options.allow_other_build = arguments.has("allow-other-build");
  options.same_cpu = arguments.has("same-cpu");
  options.retry_failed = arguments.has("retry-failed");
  options.stop_on_failure = stops_on_failure(arguments);
  if (arguments.has("time-limit"))
    options.time_limit = duration_of("--time-limit", arguments.flags["time-limit"].as<std::string>());
  options.wait = !arguments.has("no-wait");
  options.patience = patience_of(arguments);
  options.build = build_description();
  options.header = header_of(arguments, options.build);
  return options;
}

std::set<Kept> kept_models(const Arguments& arguments, const std::string& by_default) {
  const std::string text =
      arguments.has("keep-models") ? arguments.flags["keep-models"].as<std::string>() : by_default;
  std::set<Kept> kept;
  for (const std::string& name : split_at_commas(text)) {
    if (name.empty()) continue;
    const auto known = std::ranges::find(kept_names, name, &KeptName::name);
    if (known == kept_names.end())
      throw UsageError(fmt::format("--keep-models: expected a list of first, best and last, found \"{}\"",
                                   printable(name)));
    kept.insert(known->which);
  }
  return kept;
}

void check_plan(const Laboratory& laboratory, const SweepPlan& plan, CheckedCells& cells) {
  check_text_memory(plan);
  cells.check(plan);
  print_data(laboratory, plan);
}

void print_tables(const Laboratory& laboratory, const SweepPlan& plan, const StoredSweep& stored,
                  const std::vector<TrialRecord>& records, bool written) {
  fmt::print("{}\n", summary_table(stored.plan, records));
  if (const std::string best = best_point_text(stored.plan, records); !best.empty()) fmt::print("{}\n", best);
  if (const std::string baselines = baseline_tables(laboratory, plan, records); !baselines.empty())
    fmt::print("{}\n", baselines);
  if (written) fmt::print("report: {}\n", message_text((stored.folder / "report.html").string()));
}

int train(const Arguments& arguments, const SweepPlan& plan, const std::filesystem::path& folder,
          const FolderOfModel& folder_of_model, const std::string& kept_by_default, const ShowResults& show) {
  const Laboratory& laboratory = arguments.laboratory();
  std::atomic<bool> stop = false;
  const SignalWatch signals(stop);
  SweepOptions options = sweep_options(arguments, plan, folder);
  const std::set<Kept> kept = kept_models(arguments, kept_by_default);
  if (!kept.empty())
    options.keep_model = [&](const Trial& trial, const KeptModel& model) {
      if (!kept.contains(model.which)) return;
      // Apart until it is final: a process that is slower, or stopped, must not put its own over it.
      const auto name = model.final ? folder_of(model.which) : std::filesystem::path(unfinished_name);
      const std::filesystem::path place = folder_of_model(trial) / name;
      make_folders_below(folder, place);  // the sweep's own is not made anew
      save_model(laboratory, place, trial.config, model);
    };
  options.keep_non_finite = [&](const Trial& trial, const NonFiniteBatch& batch) {
    keep_non_finite(laboratory, checkpoint_of(folder, trial).parent_path(), trial, options.build, batch);
  };
  CheckedCells cells(laboratory, folder, options.build);
  check_plan(laboratory, plan, cells);
  const TrialFunction run = [&](const Config& config, const TrialHooks& hooks) {
    return run_trial(laboratory, config, hooks);
  };
  const CostFunction cost = [&](const Config& config) { return trial_cost(laboratory, config); };
  SweepResult result = run_sweep(laboratory, plan, options, run, cost, stop);
  cells.save();
  if (!kept.empty()) remove_unfinished(result, folder_of_model);
  StoredSweep stored{folder, std::move(result.plan), std::move(result.journals)};
  if (!result.error.empty()) return give_up(arguments, stored, result, result.error, exit_trial_failed);
  if (result.interrupted)
    return give_up(arguments, stored, result, fmt::format("stopped by {}", signals.name()),
                   signals.exit_status());

  const bool written = try_to_write_outputs(laboratory, stored);
  show(laboratory, plan, stored, result.records, written);
  if (!written)
    say("{0} finished trials are kept in {1}; `unroll report {1}` writes the tables and the page when they "
        "can "
        "be written.\n",
        result.records.size(), folder.string());
  print_failures(result);
  const bool bad =
      !written || result.failed > 0 || (arguments.has("fail-on-diverged") && result.diverged > 0);
  return bad ? exit_trial_failed : exit_good;
}

}  // namespace unroll
