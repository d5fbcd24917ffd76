#include "experiments/config/overrides.hpp"
#include "experiments/sweep/say.hpp"
#include "experiments/verbs/train.hpp"

namespace unroll {

namespace {

int sweep(const Arguments& arguments) {
  const ConfigArguments config = split_arguments(arguments.words);
  if (!config.file)
    throw UsageError("`unroll sweep` needs a config file: unroll sweep CONFIG [key=value ...]");
  const std::filesystem::path file = *config.file;
  const SweepPlan plan = plan_sweep(file, config.overrides);
  const auto folder = output_folder(arguments, plan, file.stem().string());
  say("{} trials in {}\n", plan.trials.size(), folder.string());
  if (!arguments.has("keep-models")) return train(arguments, plan, folder);
  return train(arguments, plan, folder, [&](const Trial& trial) { return folder / "trials" / trial.id; });
}

void add_sweep_flags(Flags& flags) {
  add_training_flags(flags);
  flags.add_options()("keep-models",
                      "keep the best model of every trial that runs, in trials/ID of the folder");
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
          "  unroll sweep experiments/configs/long_range.toml task.length=10,20 --jobs 1\n"
          "The same command again runs only what is missing.",
      .add_flags = add_sweep_flags,
      .run = sweep,
      .trains = true,
      .more_help = options_help,
  };
  return verb;
}

}  // namespace unroll
