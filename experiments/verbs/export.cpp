#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>

#include "experiments/config/config_error.hpp"
#include "experiments/export/export_format.hpp"
#include "experiments/export/model_format.hpp"
#include "experiments/sweep/say.hpp"
#include "experiments/verbs/folder_argument.hpp"
#include "experiments/verbs/model_argument.hpp"
#include "framework/tensor/file.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

/// The formats of sweeps, then those of models.
std::vector<std::string> format_names() {
  std::vector<std::string> names;
  for (const ExportFormat& format : export_formats()) names.emplace_back(format.name);
  for (const ModelFormat& format : model_formats()) names.emplace_back(format.name);
  return names;
}

std::string format_name(const Arguments& arguments) {
  const std::vector<std::string> names = format_names();
  if (!arguments.has("to"))
    throw UsageError(fmt::format("as what? Give --to with one of {}", fmt::join(names, ", ")));
  const auto name = arguments.flags["to"].as<std::string>();
  if (std::ranges::find(names, name) == names.end())
    throw UsageError(fmt::format("--to: unknown format \"{}\"{}; the formats are {}", printable(name),
                                 did_you_mean(name, names), fmt::join(names, ", ")));
  return name;
}

template <class Format>
std::filesystem::path target_of(const Arguments& arguments, const Format& format,
                                const std::filesystem::path& folder) {
  if (!arguments.has("out")) return folder / format.target;
  const auto target = arguments.flags["out"].as<std::string>();
  if (target.empty()) throw UsageError("--out: expected a file or folder to write, found \"\"");
  return target;
}

/// Only what an export wrote is replaced by one.
template <class Format>
void check_target(const Format& format, const std::filesystem::path& target) {
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::symlink_status(target, error)) || format.wrote(target))
    return;
  throw ConfigError(fmt::format(
      "{} is there and was not written by `unroll export --to {}`, which replaces only what it wrote itself; "
      "choose another --out",
      target.string(), format.name));
}

template <class Format>
void refuse_timing(const Arguments& arguments, const Format& format) {
  if (arguments.has("timing")) throw UsageError(fmt::format("--timing: {} has no place for it", format.name));
}

int export_sweep(const Arguments& arguments, const ExportFormat& format) {
  if (!format.takes_timing) refuse_timing(arguments, format);
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

int export_model(const Arguments& arguments, const ModelFormat& format) {
  refuse_timing(arguments, format);
  const SavedModel model = model_argument(arguments, 1);
  const std::filesystem::path word = arguments.words.front();
  const std::filesystem::path folder = std::filesystem::is_directory(word) ? word : word.parent_path();
  const std::filesystem::path target = target_of(arguments, format, folder);
  check_target(format, target);
  if (target.has_parent_path()) make_folders(target.parent_path());
  format.write(model, target);
  fmt::print("export: {}\n", message_text(target.string()));
  return exit_good;
}

int export_as(const Arguments& arguments) {
  const std::string name = format_name(arguments);
  const auto of_sweeps = std::ranges::find(export_formats(), name, &ExportFormat::name);
  if (of_sweeps != export_formats().end()) return export_sweep(arguments, *of_sweeps);
  return export_model(arguments, *std::ranges::find(model_formats(), name, &ModelFormat::name));
}

std::string formats_help(const Laboratory&) {
  std::string text = "formats of a sweep, and where they go without --out:\n";
  for (const ExportFormat& format : export_formats())
    text += fmt::format("  {:<12}{} (DIR/{})\n", format.name, format.meaning, format.target);
  text += "formats of a trained model:\n";
  for (const ModelFormat& format : model_formats())
    text += fmt::format("  {:<12}{} (MODEL/{})\n", format.name, format.meaning, format.target);
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
      .summary =
          "a sweep for other programs (SQLite, JSON lines, CSV), or a trained model (a C++ header, NumPy, "
          "PyTorch)",
      .usage = "DIR|MODEL --to FORMAT [--out PATH] [--timing]",
      .examples =
          "  unroll export out/rates --to sqlite\n"
          "  unroll export out/rates --to jsonl --out rates.jsonl\n"
          "  unroll export out/one --to header --out my_model.hpp\n"
          "  sqlite3 out/rates/sweep.sqlite 'select \"task.length\", avg(success) from trials group by 1'",
      .add_flags =
          [](Flags& flags) {
            namespace po = boost::program_options;
            flags.add_options()("to", po::value<std::string>(), "the format")(
                "out", po::value<std::string>(), "the file or folder to write; in DIR by default")(
                "timing",
                "also seconds, starts, hosts, builds and dates, which may differ between equal sweeps");
          },
      .run = export_as,
      .trains = true,
      .more_help = formats_help,
  };
  return verb;
}

}  // namespace unroll
