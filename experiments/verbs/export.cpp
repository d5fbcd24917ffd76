#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/program_options/value_semantic.hpp>

#include "experiments/config/config_error.hpp"
#include "experiments/export/export_format.hpp"
#include "experiments/sweep/say.hpp"
#include "experiments/verbs/folder_argument.hpp"
#include "framework/tensor/file.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

const ExportFormat& format_of(const Arguments& arguments) {
  std::vector<std::string> names;
  for (const ExportFormat& format : export_formats()) names.emplace_back(format.name);
  if (!arguments.has("to"))
    throw UsageError(fmt::format("as what? Give --to with one of {}", fmt::join(names, ", ")));
  const auto name = arguments.flags["to"].as<std::string>();
  for (const ExportFormat& format : export_formats())
    if (format.name == name) return format;
  throw UsageError(fmt::format("--to: unknown format \"{}\"{}; the formats are {}", printable(name),
                               did_you_mean(name, names), fmt::join(names, ", ")));
}

std::filesystem::path target_of(const Arguments& arguments, const ExportFormat& format,
                                const std::filesystem::path& folder) {
  if (!arguments.has("out")) return folder / format.target;
  const auto target = arguments.flags["out"].as<std::string>();
  if (target.empty()) throw UsageError("--out: expected a file or folder to write, found \"\"");
  return target;
}

/// Only what an export wrote is replaced by one.
void check_target(const ExportFormat& format, const std::filesystem::path& target) {
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::symlink_status(target, error)) || format.wrote(target))
    return;
  throw ConfigError(fmt::format(
      "{} is there and was not written by `unroll export --to {}`, which replaces only what it wrote itself; "
      "choose another --out",
      target.string(), format.name));
}

int export_sweep(const Arguments& arguments) {
  const ExportFormat& format = format_of(arguments);
  if (arguments.has("timing") && !format.takes_timing)
    throw UsageError(fmt::format("--timing: {} has no place for it", format.name));
  const std::filesystem::path folder = folder_argument(arguments);
  const StoredSweep sweep = read_sweep(arguments.laboratory(), folder);
  const std::filesystem::path target = target_of(arguments, format, folder);
  check_target(format, target);
  say_ignored(sweep);
  if (target.has_parent_path()) make_folders(target.parent_path());
  const SweepState state = sweep_state(sweep.plan, sweep.journals);
  format.write({arguments.laboratory(), sweep.plan, state.records, arguments.has("timing")}, target);
  say("{}\n", counts_text(sweep, state));
  fmt::print("export: {}\n", message_text(target.string()));
  return exit_good;
}

std::string formats_help(const Laboratory&) {
  std::string text = "formats, and where they go without --out:\n";
  for (const ExportFormat& format : export_formats())
    text += fmt::format("  {:<12}{} (DIR/{})\n", format.name, format.meaning, format.target);
  return text +
         "\nWithout --timing equal records give equal bytes, whatever the order, the machines and the number "
         "of\n"
         "jobs. A file or folder that is there is replaced only where the same format wrote it.\n\n"
         "The SQLite file's tables: trials (number: its place in the plan; every scalar and setting a "
         "column),\n"
         "series (id, series, moment, axis, x, y), scalars (their units), with --timing also timing. A NaN "
         "is\n"
         "NULL there; of a diverged trial `status` says it. TensorBoard's steps count what x counts.\n";
}

}  // namespace

const Verb& export_verb() {
  static const Verb verb{
      .name = "export",
      .summary = "a sweep's trials, results and series for other programs: SQLite, JSON lines, CSV",
      .usage = "DIR --to FORMAT [--out PATH] [--timing]",
      .examples =
          "  unroll export out/rates --to sqlite\n"
          "  unroll export out/rates --to jsonl --out rates.jsonl\n"
          "  sqlite3 out/rates/sweep.sqlite 'select \"task.length\", avg(success) from trials group by 1'",
      .add_flags =
          [](Flags& flags) {
            namespace po = boost::program_options;
            flags.add_options()("to", po::value<std::string>(), "the format")(
                "out", po::value<std::string>(), "the file or folder to write; in DIR by default")(
                "timing",
                "also seconds, starts, hosts, builds and dates, which may differ between equal sweeps");
          },
      .run = export_sweep,
      .trains = false,
      .more_help = formats_help,
  };
  return verb;
}

}  // namespace unroll
