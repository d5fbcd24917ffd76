#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <cstdio>

#include "experiments/sweep/resolved.hpp"
#include "experiments/sweep/say.hpp"
#include "experiments/verbs/dry_run.hpp"
#include "experiments/verbs/listing.hpp"
#include "experiments/verbs/meant.hpp"
#include "experiments/verbs/replay.hpp"
#include "experiments/verbs/run_json.hpp"
#include "experiments/verbs/train.hpp"
#include "experiments/verbs/trial_words.hpp"

namespace unroll {

namespace {

/// A trial alone is a sweep without axes: its folder has the same files.
SweepPlan plan_of(const Laboratory& laboratory, Trial trial) {
  SweepPlan plan;
  plan.base = trial.config;
  plan.resolved = resolved_toml(laboratory, trial.config, {});
  trial.axes.clear();
  plan.trials.push_back(std::move(trial));
  return plan;
}

/// The config's name; without a config, and with other settings than its own, what tells one trial from
/// another.
std::filesystem::path folder_of(const Arguments& arguments, const ConfigArguments& config,
                                const SweepPlan& plan) {
  const std::string stem = config.file ? std::filesystem::path(*config.file).stem().string() : "run";
  Config base = plan.base;
  if (!config.overrides.empty() && base.out == "out/" + stem) base.out.clear();
  return output_folder(arguments, base, fmt::format("{}-{}", stem, plan.trials.front().id.substr(0, 8)));
}

void show_json(const Laboratory& laboratory, const SweepPlan& plan, const StoredSweep& stored,
               const std::vector<TrialRecord>& records, bool) {
  const auto record = std::ranges::find(records, plan.trials.front().id, &TrialRecord::id);
  if (record != records.end())
    fmt::print("{}\n", run_json(laboratory, plan.trials.front(), *record, stored.folder));
}

void show_csv(const Laboratory& laboratory, const SweepPlan& plan, const StoredSweep& stored,
              const std::vector<TrialRecord>& records, bool) {
  const auto record = std::ranges::find(records, plan.trials.front().id, &TrialRecord::id);
  if (record != records.end())
    fmt::print("{}", as_csv({run_row(laboratory, plan.trials.front(), *record, stored.folder)}));
}

void show_text(const Laboratory& laboratory, const SweepPlan& plan, const StoredSweep& stored,
               const std::vector<TrialRecord>& records, bool written) {
  print_tables(laboratory, plan, stored, records, written);
  std::fflush(stdout);  // what comes next goes to stderr, which does not wait
  const auto record = std::ranges::find(records, plan.trials.front().id, &TrialRecord::id);
  if (record != records.end())
    say("{}", what_it_did(laboratory, plan.trials.front(), *record, stored.folder));
}

ShowResults show_run_as(const std::string& format) {
  return format == "json" ? show_json : format == "csv" ? show_csv : show_text;
}

void add_run_flags(Flags& flags) {
  add_training_flags(flags);
  add_format_flag(flags);
  flags.add_options()("replay", boost::program_options::value<std::string>()->value_name("FILE"),
                      "run a batch again that was kept because a value was not finite, and nothing else");
}

int run(const Arguments& arguments) {
  if (arguments.has("replay")) return replay(arguments);
  const ConfigArguments config = config_arguments(arguments);
  if (arguments.has("print-config")) return print_config_of(arguments, config);
  const Laboratory& laboratory = arguments.laboratory();
  const std::optional<std::filesystem::path> file = config.file;
  const SweepPlan plan = plan_of(laboratory, plan_trial(laboratory, file, config.overrides));
  const std::filesystem::path folder = folder_of(arguments, config, plan);
  say("{}; in {}\n", what_it_trains(laboratory, plan.trials.front().config), folder.string());
  if (arguments.has("dry-run")) {
    Space space(laboratory, read_source(laboratory.options(), file, config.overrides));
    return dry_run(arguments, space, folder);
  }
  return train(
      arguments, plan, folder, [&](const Trial&) { return folder; }, "best",
      show_run_as(format_of(arguments)));
}

}  // namespace

const Verb& run_verb() {
  static const Verb verb{
      .name = "run",
      .summary = "train one model",
      .usage = "[CONFIG] [key=value ...] [flags]",
      .examples =
          "  unroll run task.length=30 model.activation=relu model.init=identity\n"
          "  unroll run experiments/configs/long_range.toml task.length=10 model.activation=tanh \\\n"
          "             model.init=glorot seed=1 --out out/one",
      .add_flags = add_run_flags,
      .run = run,
      .trains = true,
      .more_help = [](const Laboratory& laboratory) { return options_help(laboratory.options()); },
      .words = setting_words,
  };
  return verb;
}

}  // namespace unroll
