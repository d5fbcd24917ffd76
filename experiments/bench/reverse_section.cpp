#include <fmt/format.h>

#include "experiments/bench/diagonal_lstm_step.hpp"
#include "experiments/bench/rivals/diagonal_lstm.hpp"
#include "experiments/bench/sections.hpp"

// GradBench's LSTM: loss and gradient in double, against a reverse mode written by hand.

namespace unroll {

namespace {

void measure_reverse(const BenchRow& row, BenchContext& context, BenchResult& result) {
  const auto step = std::make_shared<DiagonalLstmStep>(row.layers, row.shape.steps);
  const auto hand = std::make_shared<DiagonalLstm>(row.layers, row.shape.steps);
  const auto by_hand = [=] {
    hand->run(step->weights().span(), step->ends().span(), step->states().span(), step->inputs().span(),
              step->targets().span());
  };
  hold_contest({timed("engine", [step] { step->run(); }), timed("handwritten", by_hand)}, context.effort,
               result);
  result["ratios"]["engine_to_handwritten"] =
      ratio_of(result["times"]["engine"], result["times"]["handwritten"]);
}

std::vector<BenchLines> reverse_tables(std::span<const BenchResult> rows) {
  BenchLines lines;
  for (const BenchResult& row : rows) {
    BenchResult& line = lines.emplace_back();
    line["data set"] =
        fmt::format("lstm_l{}_c{}", row["layers"].get<int>(), row["T"].get<int>() + 1);  // GradBench's name
    line["engine"] = cell_text(row["times"]["engine"]);
    line["hand-written"] = cell_text(row["times"]["handwritten"]);
    line["engine/hand-written"] = ratio_text(row["ratios"]["engine_to_handwritten"]);
  }
  return {lines};
}

}  // namespace

const BenchSection& reverse_section() {
  static const BenchSection section{
      BenchKind::reverse, "GradBench's LSTM of diagonal weights, loss and gradient in double, milliseconds",
      measure_reverse, reverse_tables};
  return section;
}

}  // namespace unroll
