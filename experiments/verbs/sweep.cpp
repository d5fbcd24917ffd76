#include "experiments/sweep/config_source.hpp"
#include "experiments/sweep/say.hpp"
#include "experiments/verbs/train.hpp"

namespace unroll {

namespace {

int sweep(const Arguments& arguments) {
  const ConfigArguments config = split_arguments(arguments.words);
  if (!config.file)
    throw UsageError("`unroll sweep` needs a config file: unroll sweep CONFIG [key=value ...]");
  if (arguments.has("print-config")) return print_config_of(arguments, config);
  const std::filesystem::path file = *config.file;
  const SweepPlan plan = plan_sweep(arguments.laboratory(), file, config.overrides);
  const auto folder = output_folder(arguments, plan.base, file.stem().string());
  say("{} trials in {}\n", plan.trials.size(), folder.string());
  return train(
      arguments, plan, folder, [&](const Trial& trial) { return folder / "trials" / trial.id; }, "");
}

}  // namespace

const Verb& sweep_verb() {
  static const Verb verb{
      .name = "sweep",
      .summary = "run every trial of a config that is not finished yet",
      .usage = "CONFIG [key=value ...] [flags]",
      .examples =
          "  unroll sweep experiments/configs/long_range.toml\n"
          "  unroll sweep experiments/configs/long_range.toml train.updates=500 --out out/short\n"
          "  unroll sweep experiments/configs/long_range.toml task.length=10..100:10 'seed={count=20}' "
          "--jobs 1\n"
          "The same command again runs only what is missing.",
      .add_flags = add_training_flags,
      .run = sweep,
      .trains = true,
      .more_help =
          [](const Laboratory& laboratory) { return sweep_help() + options_help(laboratory.options()); },
  };
  return verb;
}

}  // namespace unroll
