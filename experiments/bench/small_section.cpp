#include <fmt/format.h>

#include "experiments/bench/engine_step.hpp"
#include "experiments/bench/rivals/plain_loop.hpp"
#include "experiments/bench/sections.hpp"

// Forward and backward pass of nets whose steps take less than a microsecond: what counts is not products,
// but what stands between them. The rival is a plain loop, with its sizes as constants.

namespace unroll {

namespace {

void measure_small(const BenchRow& row, BenchContext& context, BenchResult& result) {
  const auto step = std::make_shared<EngineStep>(row.cell, row.shape);
  const std::shared_ptr<PlainLoop> loop = plain_loop(row.cell, row.shape);
  const std::vector<Measured> all =
      hold_contest({timed("engine", [step] { step->run(); }),
                    timed("plain_loop", [=] { loop->run(step->values(), step->inputs(), step->targets()); })},
                   context.effort, result);
  for (const Measured& measured : all) {
    result["us_per_step"][measured.key] =
        measured.problem.empty()
            ? BenchResult(1e6 * measured.timing.median / static_cast<double>(row.shape.steps))
            : BenchResult();
  }
  result["ratios"]["engine_to_plain_loop"] =
      ratio_of(result["times"]["engine"], result["times"]["plain_loop"]);
}

std::string step_text(const BenchResult& microseconds) {
  return microseconds.is_null() ? "–" : fmt::format("{:.3f}", microseconds.get<double>());
}

std::vector<BenchLines> small_tables(std::span<const BenchResult> rows) {
  BenchLines lines;
  for (const BenchResult& row : rows) {
    BenchResult& line = lines.emplace_back();
    line["net"] = row["cell"];
    line["B"] = row["B"];
    line["H"] = row["hidden"];
    line["engine"] = step_text(row["us_per_step"]["engine"]);
    line["plain loop"] = step_text(row["us_per_step"]["plain_loop"]);
    line["engine/plain loop"] = ratio_text(row["ratios"]["engine_to_plain_loop"]);
  }
  return {lines};
}

}  // namespace

const BenchSection& small_section() {
  static const BenchSection section{BenchKind::small,
                                    "forward and backward pass of small nets, microseconds per step",
                                    measure_small, small_tables};
  return section;
}

}  // namespace unroll
