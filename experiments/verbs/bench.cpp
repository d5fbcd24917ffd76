#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "experiments/bench/resident.hpp"
#include "experiments/bench/sections.hpp"
#include "experiments/sweep/say.hpp"
#include "experiments/verbs/build.hpp"
#include "experiments/verbs/listing.hpp"
#include "experiments/verbs/number_flag.hpp"
#include "experiments/verbs/verb.hpp"
#include "experiments/verbs/versions.hpp"
#include "framework/tensor/cpu.hpp"
#include "framework/tensor/gemm.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

constexpr Effort quick_effort = {.seconds = 0.05, .least_rounds = 3, .sample_seconds = 0};
constexpr int least_rounds = 5;
constexpr double sample_seconds = 0.005;

std::vector<std::string> names_of(std::span<const BenchRow> rows) {
  std::vector<std::string> names;
  for (const BenchRow& row : rows) names.push_back(row.name());
  return names;
}

std::string list_rows() {
  return fmt::format(
      "rows (kind, cell, then steps x rows x inputs x hidden size, and words or layers):\n  {}\n",
      fmt::join(names_of(bench_rows()), "\n  "));
}

std::vector<BenchRow> rows_of(const Arguments& arguments) {
  const auto only = arguments.flags["only"].as<std::string>();
  const bool quick = arguments.has("quick");
  std::vector<BenchRow> rows = select_rows(quick, only);
  if (!rows.empty()) return rows;
  const std::vector<BenchRow> all = select_rows(quick, "");
  throw UsageError(fmt::format("no row{} has \"{}\" in its name; the rows are {}", quick ? " of --quick" : "",
                               printable(only), fmt::join(names_of(all), ", ")));
}

Effort effort_of(const Arguments& arguments) {
  if (arguments.has("quick")) return quick_effort;
  const double seconds = arguments.flags["seconds"].as<double>();
  if (!(seconds > 0 && seconds <= 3600))
    throw UsageError(fmt::format("--seconds must be above 0 and at most 3600, but is {}", seconds));
  return {seconds, least_rounds, sample_seconds};
}

PyTorch pytorch_for(const std::vector<BenchRow>& rows, const Arguments& arguments) {
  if (arguments.has("without-pytorch")) return PyTorch::left_out("left out");
  const bool against_it = std::ranges::any_of(rows, [](const BenchRow& row) {
    return row.kind == BenchKind::step || row.kind == BenchKind::language;
  });
  return against_it ? PyTorch::find() : PyTorch::left_out("not needed");
}

/// How busy other programs and this one kept the machine in the last minute.
std::string load_of_machine() {
  double load = 0;
  if (::getloadavg(&load, 1) != 1) return "unknown";
  return fmt::format("{:.1f} runnable on {} CPUs", load, std::thread::hardware_concurrency());
}

BenchResult machine_of(const PyTorch& pytorch) {
  const BlasReport blas = blas_report();
  BenchResult machine;
  machine["program"] = fmt::format("unroll {}, build {}", program_version(), build_id());
  machine["compiler"] = compiler() + (optimized() ? "" : ", without optimisation");
  machine["CPU"] = cpu_model();
  machine["instructions"] = name(best_isa());
  machine["float products"] = blas.float_library;
  machine["double products"] = blas.double_library;
  machine["load"] = load_of_machine();
  machine["clock"] = "CPU time";
  machine["PyTorch"] = pytorch.here() ? pytorch.version() : pytorch.problem();
  return machine;
}

/// A line for each figure, since the sections have different ones: "times/engine/median_ms".
Listing figures_of(const std::vector<BenchResult>& results) {
  Listing all;
  for (const BenchResult& result : results) {
    const BenchResult flat = result.flatten();
    for (const auto& [path, value] : flat.items())
      if (path != "/row")
        all.push_back({{"row", result["row"]}, {"figure", path.substr(1)}, {"value", value}});
  }
  return all;
}

void print_section(const BenchSection& section, const std::vector<BenchResult>& results) {
  std::vector<BenchResult> own;
  for (const BenchResult& result : results)
    if (result["kind"] == name(section.kind)) own.push_back(result);
  if (own.empty()) return;
  fmt::print("\n{}\n", section.title);
  for (const BenchLines& lines : section.tables(own)) fmt::print("\n{}", as_table(lines));
}

void print_bench_tables(const BenchResult& machine, const std::vector<BenchResult>& results) {
  for (const auto& [what, value] : machine.items())
    fmt::print("{:<17}{}\n", what, value.is_string() ? value.get<std::string>() : value.dump());
  for (const BenchSection& section : bench_sections()) print_section(section, results);
}

int print_resident(const std::string& name) {
  const auto row = std::ranges::find(bench_rows(), name, &BenchRow::name);
  if (row == bench_rows().end())
    throw UsageError(fmt::format("no row is named \"{}\"; the rows are {}", printable(name),
                                 fmt::join(names_of(bench_rows()), ", ")));
  single_threaded_products();
  fmt::print("{}\n", resident_bytes_of(*row));
  return exit_good;
}

int bench(const Arguments& arguments) {
  if (!arguments.words.empty())
    throw UsageError(
        fmt::format("`unroll bench` takes flags only, but got \"{0}\"; rows are chosen by --only {0}",
                    printable(arguments.words.front())));
  if (arguments.has("resident")) return print_resident(arguments.flags["resident"].as<std::string>());
  const std::vector<BenchRow> rows = rows_of(arguments);
  BenchContext context{arguments.laboratory(), effort_of(arguments), pytorch_for(rows, arguments)};
  std::vector<BenchResult> results;
  for (const BenchRow& row : rows) {
    say("{} of {}: {}\n", results.size() + 1, rows.size(), row.name());
    results.push_back(measure_row(row, context));
  }
  const BenchResult machine = machine_of(context.pytorch);
  const auto format = format_of(arguments);
  if (format == "json")
    print_json({{"machine", machine}, {"rows", results}});
  else if (format == "csv")
    print_listing(figures_of(results), format);
  else
    print_bench_tables(machine, results);
  return exit_good;
}

void add_bench_flags(Flags& flags) {
  namespace po = boost::program_options;
  flags.add_options()("quick", "a few repeats of the small rows, to see that all works")(
      "only", po::value<std::string>()->default_value(""), "only rows with this in their name")(
      "seconds", number_flag<double>()->default_value(6), "how long a row goes on, at the least")(
      "without-pytorch", "leave PyTorch out even where it is installed")(
      "resident", po::value<std::string>(),
      "instead of measuring times, run this row's net and print the bytes that the process held at most");
  add_format_flag(flags);
}

}  // namespace

const Verb& bench_verb() {
  static const Verb verb{
      .name = "bench",
      .summary = "the engine's speed beside hand-written code, oneDNN and PyTorch",
      .usage = "[--quick] [--only PART] [--seconds N] [--without-pytorch] [--format table|json|csv]",
      .examples =
          "  unroll bench\n"
          "  unroll bench --only step/lstm --format json\n"
          "One thread, one process, all rivals of a row interleaved; medians of CPU time, and half the\n"
          "distance between the quartiles. PyTorch runs in processes beside, where python3 can import "
          "torch.\n"
          "Other programs disturb through caches and clock rates: run it on an idle machine.",
      .add_flags = add_bench_flags,
      .run = bench,
      .trains = true,
      .more_help = [](const Laboratory&) { return list_rows(); },
  };
  return verb;
}

}  // namespace unroll
