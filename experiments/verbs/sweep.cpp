#include <boost/program_options/value_semantic.hpp>

#include "experiments/report/summary_rows.hpp"
#include "experiments/sweep/config_source.hpp"
#include "experiments/sweep/say.hpp"
#include "experiments/verbs/budget.hpp"
#include "experiments/verbs/dry_run.hpp"
#include "experiments/verbs/duration_flag.hpp"
#include "experiments/verbs/listing.hpp"
#include "experiments/verbs/meant.hpp"
#include "experiments/verbs/slurm.hpp"
#include "experiments/verbs/train.hpp"

namespace unroll {

namespace {

/// The table of cells, the best point and the baselines for people; for programs the rows of the cells.
ShowResults show_cells_as(const Arguments& arguments) {
  if (is_table(arguments)) return print_tables;
  return [&](const Laboratory&, const SweepPlan&, const StoredSweep& stored,
             const std::vector<TrialRecord>& records,
             bool) { print_listing(summary_rows(stored.plan, records), arguments); };
}

int sweep(const Arguments& arguments) {
  ConfigArguments config = config_arguments(arguments);
  if (arguments.has("print-config")) return print_config_of(arguments, config);
  const Laboratory& laboratory = arguments.laboratory();
  Space space(laboratory, sweep_source(arguments, config));
  const std::string name = sweep_name(arguments, config, space);
  const auto folder = output_folder(arguments, space.base(), name);
  const bool to_slurm = wants_slurm(arguments);
  if (to_slurm && !is_table(arguments))
    throw UsageError(
        "--format is of the table that ends a sweep, but --slurm ends when the job is submitted");
  if (arguments.has("dry-run") && !to_slurm) return dry_run(arguments, space, folder);
  if (const auto updates = budget_override(arguments, config, folder, jobs_of(arguments, space.base())))
    config.overrides.push_back(*updates);
  const SweepPlan plan = plan_sweep(laboratory, sweep_source(arguments, config));
  say("{} trials in {}\n", plan.trials.size(), folder.string());
  if (!to_slurm)
    return train(
        arguments, plan, folder, [&](const Trial& trial) { return folder / "trials" / trial.id; }, "",
        show_cells_as(arguments));
  const std::optional<std::filesystem::path> file = config.file;
  return submit_to_slurm(arguments, plan, print_config(laboratory, file, config.overrides), folder, name);
}

void add_sweep_flags(Flags& flags) {
  add_training_flags(flags);
  add_format_flag(flags);
  flags.add_options()(
      "budget", duration_flag("--budget"),
      "time for the whole sweep, like 12min: all trials make equally many updates, as many as fit by what is "
      "measured for a second; a folder that is gone on with keeps its number")(
      "no-wait",
      "end when nothing has been left to run for as long as --takeover-after, though other processes still "
      "train; without it, and between the rungs of a search, a process waits, to take over from those that "
      "die");
  add_slurm_flags(flags);
}

}  // namespace

const Verb& sweep_verb() {
  static const Verb verb{
      .name = "sweep",
      .summary = "run every trial of a config that is not finished yet",
      .usage = "[CONFIG] [key=value ...] [flags]",
      .examples =
          "  unroll sweep experiments/configs/long_range.toml\n"
          "  unroll sweep model.cell=vanilla,lstm task.length=20,50 seed=1..5\n"
          "  unroll sweep experiments/configs/long_range.toml train.updates=500 --out out/short\n"
          "  unroll sweep experiments/configs/long_range.toml task.length=10..100:10 'seed={count=20}' "
          "--jobs 1\n"
          "  unroll sweep experiments/configs/long_range.toml --slurm --array 8 --cpus 4 --time 4:00:00 \\\n"
          "               --partition short --slurm-option --qos=normal\n"
          "The same command again runs only what is missing.",
      .add_flags = add_sweep_flags,
      .run = sweep,
      .trains = true,
      .more_help =
          [](const Laboratory& laboratory) { return sweep_help() + options_help(laboratory.options()); },
      .words = setting_words,
  };
  return verb;
}

}  // namespace unroll
