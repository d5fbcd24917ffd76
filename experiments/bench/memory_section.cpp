#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "experiments/bench/engine_step.hpp"
#include "experiments/bench/line_process.hpp"
#include "experiments/bench/resident.hpp"
#include "experiments/bench/sections.hpp"
#include "experiments/sweep/machine.hpp"
#include "framework/tensor/cpu.hpp"

// What a memory budget costs, and whether it is kept.

namespace unroll {

namespace {

/// Runs of long sequences take seconds each.
constexpr int most_least_rounds = 3;

/// The most memory that this process held so far.
std::uint64_t resident_bytes() {
  std::ifstream file("/proc/self/status");
  std::string key;
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("VmHWM:")) return 1024 * std::strtoull(line.c_str() + 6, nullptr, 10);
  throw std::runtime_error("the system does not say how much memory a process held");
}

/// Of a process of its own, which runs nothing but this row.
BenchResult resident_elsewhere(const BenchRow& row) {
  try {
    LineProcess child({"/proc/self/exe", "bench", "--resident", row.name()}, {});
    return std::stoull(child.read_line());
  } catch (const std::exception& error) {
    return {{"problem", error.what()}};
  }
}

double us_per_step(const Measured& measured, std::int64_t steps) {
  return 1e6 * measured.timing.median / static_cast<double>(steps);
}

void measure_memory(const BenchRow& row, BenchContext& context, BenchResult& result) {
  const PlanOptions budget{.max_memory = row.max_memory};
  StepShape fitting = row.shape;
  fitting.steps = row.steps_that_fit;
  Effort effort = context.effort;
  effort.least_rounds = std::min(effort.least_rounds, most_least_rounds);
  result["max_memory"] = row.max_memory;
  result["planned"] = EngineStep(row.cell, row.shape, budget).peak_bytes();
  result["planned_without"] = EngineStep(row.cell, row.shape).peak_bytes();
  result["resident"] = resident_elsewhere(row);
  result["T_that_fits"] = row.steps_that_fit;
  const std::vector<Measured> all = contest({engine_contestant("with", row.cell, row.shape, budget),
                                             engine_contestant("without", row.cell, fitting)},
                                            effort);
  result["times"] = {{"with", to_json(all[0])}, {"without", to_json(all[1])}};
  if (!all[0].problem.empty() || !all[1].problem.empty()) return;
  const double with = us_per_step(all[0], row.shape.steps), without = us_per_step(all[1], fitting.steps);
  result["us_per_step"] = {{"with", with}, {"without", without}};
  result["with_to_without"] = with / without;
}

std::string bytes_text(const BenchResult& bytes) {
  if (bytes.is_object()) return bytes["problem"].get<std::string>();
  return fmt::format("{:.1f} MB", 1e-6 * bytes.get<double>());
}

BenchResult member(const BenchResult& object, const char* key) {
  return object.contains(key) ? object[key] : BenchResult();
}

std::vector<BenchLines> memory_tables(std::span<const BenchResult> rows) {
  BenchLines sizes, times;
  for (const BenchResult& row : rows) {
    const std::string net = fmt::format("{}, B = {}, H = {}, T = {}", row["cell"].get<std::string>(),
                                        row["B"].get<int>(), row["hidden"].get<int>(), row["T"].get<int>());
    BenchResult& size = sizes.emplace_back();
    size["net"] = net;
    size["budget"] = bytes_text(row["max_memory"]);
    size["planned"] = bytes_text(row["planned"]);
    size["without budget"] = bytes_text(row["planned_without"]);
    size["resident in all"] = bytes_text(row["resident"]);
    BenchResult& time = times.emplace_back();
    const BenchResult per_step = member(row, "us_per_step");
    time["net"] = net;
    time["ms with budget"] = cell_text(row["times"]["with"]);
    time["µs per step"] = ratio_text(member(per_step, "with"));
    time["T that fits"] = row["T_that_fits"];
    time["ms without"] = cell_text(row["times"]["without"]);
    time["µs per step without"] = ratio_text(member(per_step, "without"));
    time["with/without"] = ratio_text(member(row, "with_to_without"));
  }
  return {sizes, times};
}

}  // namespace

std::uint64_t resident_bytes_of(const BenchRow& row) {
  const FlushSubnormals flush;
  EngineStep step(row.cell, row.shape, {.max_memory = row.max_memory});
  for (int i = 0; i < 2; ++i) step.run();
  return resident_bytes();
}

const BenchSection& memory_section() {
  static const BenchSection section{
      BenchKind::memory, "long sequences within a memory budget, per step against shorter ones without",
      measure_memory, memory_tables};
  return section;
}

}  // namespace unroll
