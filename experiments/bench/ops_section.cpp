#include <fmt/format.h>

#include "experiments/bench/engine_step.hpp"
#include "experiments/bench/rivals/plain_s4d.hpp"
#include "experiments/bench/sections.hpp"

// What it costs to write a cell as equations in a file instead of as ops in C++: nothing, if all is right. A
// cell of wide states stands beside a plain loop as well.

namespace unroll {

namespace {

void measure_ops(const BenchRow& row, BenchContext& context, BenchResult& result) {
  const auto equations = std::make_shared<EngineStep>(row.cell, row.shape);
  std::vector<Contestant> contestants = {
      timed("equations", [equations] { equations->run(); }),
      engine_contestant("ops", fmt::format("{}_ops", row.cell), row.shape)};
  if (const std::shared_ptr<PlainLoop> loop = plain_wide_loop(row.cell, row.shape))
    contestants.push_back(timed("plain_loop", [equations, loop] {
      loop->run(equations->values(), equations->inputs(), equations->targets());
    }));
  result["times"]["plain_loop"] = nullptr;
  hold_contest(contestants, context.effort, result);
  result["ratios"]["equations_to_plain_loop"] =
      ratio_of(result["times"]["equations"], result["times"]["plain_loop"]);
  result["ratios"]["equations_to_ops"] = ratio_of(result["times"]["equations"], result["times"]["ops"]);
}

std::vector<BenchLines> ops_tables(std::span<const BenchResult> rows) {
  BenchLines lines;
  for (const BenchResult& row : rows) {
    BenchResult& line = lines.emplace_back();
    line["cell"] = row["cell"];
    line["equations"] = cell_text(row["times"]["equations"]);
    line["C++ ops"] = cell_text(row["times"]["ops"]);
    line["equations/C++ ops"] = ratio_text(row["ratios"]["equations_to_ops"]);
    line["plain loop"] = cell_text(row["times"]["plain_loop"]);
    line["equations/plain loop"] = ratio_text(row["ratios"]["equations_to_plain_loop"]);
  }
  return {lines};
}

}  // namespace

const BenchSection& ops_section() {
  static const BenchSection section{
      BenchKind::ops, "cells as equations and the same as C++ ops, forward and backward pass, milliseconds",
      measure_ops, ops_tables};
  return section;
}

}  // namespace unroll
