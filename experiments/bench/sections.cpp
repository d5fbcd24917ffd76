#include "experiments/bench/sections.hpp"

#include <fmt/format.h>

#include <array>

#include "framework/tensor/gemm.hpp"

namespace unroll {

std::span<const BenchSection> bench_sections() {
  static const std::array table = {step_section(),    small_section(),  stream_section(), reverse_section(),
                                   ops_section(),     record_section(), length_section(), memory_section(),
                                   threads_section(), shards_section(), ragged_section(), around_section(),
                                   language_section()};
  return table;
}

BenchResult measure_row(const BenchRow& row, BenchContext& context) {
  single_threaded_products();  // before anything is made: oneDNN's primitives remember the number of threads
  BenchResult result;
  result["row"] = row.name();
  result["kind"] = name(row.kind);
  result["cell"] = row.cell;
  result["T"] = row.shape.steps;
  result["B"] = row.shape.rows;
  result["inputs"] = row.shape.inputs;
  result["hidden"] = row.shape.hidden;
  if (row.layers > 0) result["layers"] = row.layers;
  for (const BenchSection& section : bench_sections())
    if (section.kind == row.kind) section.measure(row, context, result);
  return result;
}

std::vector<Measured> hold_contest(const std::vector<Contestant>& contestants, const Effort& effort,
                                   BenchResult& result) {
  std::vector<Measured> all = contest(contestants, effort);
  for (const Measured& measured : all) result["times"][measured.key] = to_json(measured);
  return all;
}

BenchResult to_json(const Measured& measured) {
  if (!measured.problem.empty()) return {{"problem", measured.problem}};
  const Timing& t = measured.timing;
  return {{"median_ms", 1e3 * t.median},
          {"low_ms", 1e3 * t.low},
          {"high_ms", 1e3 * t.high},
          {"samples", t.samples}};
}

std::string cell_text(const BenchResult& timing) {
  if (timing.is_null()) return "–";
  if (timing.contains("problem")) return timing["problem"].get<std::string>();
  const double median = timing["median_ms"].get<double>();
  const double half = (timing["high_ms"].get<double>() - timing["low_ms"].get<double>()) / 2;
  return fmt::format("{:.{}f} ±{:.0f}%", median, median < 0.1 ? 4 : median < 10 ? 2 : 1, 100 * half / median);
}

BenchResult ratio_of(const BenchResult& timing, const BenchResult& to) {
  if (!timing.contains("median_ms") || !to.contains("median_ms")) return nullptr;
  return timing["median_ms"].get<double>() / to["median_ms"].get<double>();
}

std::string ratio_text(const BenchResult& ratio) {
  return ratio.is_null() ? "–" : fmt::format("{:.2f}", ratio.get<double>());
}

}  // namespace unroll
