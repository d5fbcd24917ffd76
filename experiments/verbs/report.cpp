#include <fmt/format.h>

#include "experiments/report/table.hpp"
#include "experiments/verbs/folder_argument.hpp"
#include "experiments/verbs/outputs.hpp"

namespace unroll {

namespace {

int report(const Arguments& arguments) {
  const StoredSweep sweep = read_sweep(arguments);
  const SweepState state = sweep_state(sweep.plan, sweep.journals);
  write_outputs(sweep.folder, sweep.plan, state.records);
  fmt::print("{}\nreport: {}\n", summary_table(sweep.plan, state.records),
             (sweep.folder / "report.html").string());
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
