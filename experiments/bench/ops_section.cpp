#include <fmt/format.h>

#include "experiments/bench/engine_step.hpp"
#include "experiments/bench/sections.hpp"

// What it costs to write a cell as equations in a file instead of as ops in C++: nothing, if all is right.

namespace unroll {

namespace {

void measure_ops(const BenchRow& row, BenchContext& context, BenchResult& result) {
  const std::string as_ops = fmt::format("{}_ops", row.cell);
  for (const Measured& measured : contest(
           {engine_contestant("equations", row.cell, row.shape), engine_contestant("ops", as_ops, row.shape)},
           context.effort))
    result["times"][measured.key] = to_json(measured);
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
