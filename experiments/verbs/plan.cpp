#include <boost/program_options/value_semantic.hpp>

#include "experiments/sweep/space.hpp"
#include "experiments/verbs/dry_run.hpp"
#include "experiments/verbs/listing.hpp"
#include "experiments/verbs/meant.hpp"
#include "experiments/verbs/number_flag.hpp"
#include "experiments/verbs/train.hpp"

namespace unroll {
namespace {

void add_plan_flags(Flags& flags) {
  namespace po = boost::program_options;
  flags.add_options()("out,o", po::value<std::string>(),
                      "output folder of the sweep; out/ and the config's name by default")(
      "jobs,j", number_flag<std::int64_t>(), "trials at once; 0, the default: one per core that may be used")(
      "extend", "as `sweep --extend`: new trials may join an existing folder")(
      "allow-other-build", "as `sweep --allow-other-build`");
  add_format_flag(flags);
  add_print_config_flag(flags);
}

int plan(const Arguments& arguments) {
  const ConfigArguments config = config_arguments(arguments);
  if (arguments.has("print-config")) return print_config_of(arguments, config);
  Space space(arguments.laboratory(), sweep_source(arguments, config));
  return dry_run(arguments, space,
                 output_folder(arguments, space.base(), sweep_name(arguments, config, space)));
}

}  // namespace

const Verb& plan_verb() {
  static const Verb verb{
      .name = "plan",
      .summary = "what a sweep would run, how long it takes, what is done; trains nothing",
      .usage = "[CONFIG] [key=value ...] [flags]",
      .examples =
          "  unroll plan experiments/configs/long_range.toml\n"
          "  unroll plan experiments/configs/long_range.toml task.length=10..100:10 'seed={count=20}' --jobs "
          "2\n"
          "A few updates of some trials are run for a second to tell the time; nothing is written.\n"
          "The exit status is 2 when the sweep would be refused.",
      .add_flags = add_plan_flags,
      .run = plan,
      .trains = true,
      .more_help =
          [](const Laboratory& laboratory) { return sweep_help() + options_help(laboratory.options()); },
      .words = setting_words,
  };
  return verb;
}

}  // namespace unroll
