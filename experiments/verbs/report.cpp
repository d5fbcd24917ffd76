#include <fmt/format.h>

#include "experiments/report/table.hpp"
#include "experiments/sweep/say.hpp"
#include "experiments/verbs/folder_argument.hpp"
#include "experiments/verbs/outputs.hpp"

namespace unroll {

namespace {

int report(const Arguments& arguments) {
  // Refuses what is no sweep's folder before anything is written into it.
  StoredSweep sweep = read_sweep(arguments.laboratory(), folder_argument(arguments));
  write_outputs(arguments.laboratory(), sweep);
  say_ignored(sweep);
  const SweepState state = sweep_state(sweep.plan, sweep.journals);
  fmt::print("{}\nreport: {}\n", summary_table(sweep.plan, state.records),
             message_text((sweep.folder / "report.html").string()));
  return exit_good;
}

}  // namespace

const Verb& report_verb() {
  static const Verb verb{
      .name = "report",
      .summary = "write results.csv and report.html of a sweep anew from its journals",
      .usage = "DIR",
      .examples = "  unroll report out/long_range",
      .add_flags = [](Flags&) {},
      .run = report,
      .trains = false,
  };
  return verb;
}

}  // namespace unroll
