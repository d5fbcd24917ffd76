#include <fmt/format.h>

#include <boost/program_options/value_semantic.hpp>

#include "experiments/report/against.hpp"
#include "experiments/report/summary_rows.hpp"
#include "experiments/report/table.hpp"
#include "experiments/sweep/say.hpp"
#include "experiments/verbs/folder_argument.hpp"
#include "experiments/verbs/listing.hpp"
#include "experiments/verbs/outputs.hpp"
#include "framework/tensor/file.hpp"

namespace unroll {

namespace {

/// What changed since the sweep in another folder, as a page beside the report; its path.
std::filesystem::path write_against(const Laboratory& laboratory, const StoredSweep& sweep,
                                    const std::filesystem::path& other) {
  const StoredSweep before = read_sweep(laboratory, other);
  say_ignored(before);
  const std::filesystem::path page = sweep.folder / "against.html";
  write_file(page, against_html(laboratory, named_trials(before), named_trials(sweep)));
  return page;
}

int report(const Arguments& arguments) {
  // Refuses what is no sweep's folder before anything is written into it.
  StoredSweep sweep = read_sweep(arguments.laboratory(), folder_argument(arguments));
  write_outputs(arguments.laboratory(), sweep);
  say_ignored(sweep);
  std::vector<std::filesystem::path> pages{sweep.folder / "report.html"};
  if (arguments.has("against"))
    pages.push_back(
        write_against(arguments.laboratory(), sweep, arguments.flags["against"].as<std::string>()));
  const SweepState state = sweep_state(sweep.plan, sweep.journals);
  if (!is_table(arguments)) {
    print_listing(summary_rows(sweep.plan, state.records), arguments);
    return exit_good;
  }
  fmt::print("{}\n", summary_table(sweep.plan, state.records));
  for (const std::filesystem::path& page : pages)
    fmt::print("{}: {}\n", page.stem().string(), message_text(page.string()));
  return exit_good;
}

void add_report_flags(Flags& flags) {
  flags.add_options()("against", boost::program_options::value<std::string>(),
                      "the folder of another sweep: what changed since, as against.html");
  add_format_flag(flags);
}

}  // namespace

const Verb& report_verb() {
  static const Verb verb{
      .name = "report",
      .summary = "write results.csv and report.html of a sweep anew from its journals",
      .usage = "DIR [--against OTHER] [--format table|json|csv]",
      .examples =
          "  unroll report out/long_range\n"
          "  unroll report out/new --against out/old\n"
          "  unroll report out/long_range --format csv > summary.csv",
      .add_flags = add_report_flags,
      .run = report,
      .trains = false,
  };
  return verb;
}

}  // namespace unroll
