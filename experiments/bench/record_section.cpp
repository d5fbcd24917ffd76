#include "experiments/bench/engine_step.hpp"
#include "experiments/bench/sections.hpp"

// What a change of the net costs before its first run: recording, differentiating and planning.

namespace unroll {

namespace {

constexpr std::int64_t few_steps = 10;

struct Length {
  const char* key;
  const char* head;
  Dim (*steps)(const BenchRow&);
};

constexpr Length lengths[] = {
    {"few_steps", "T = 10", [](const BenchRow&) { return Dim(few_steps); }},
    {"many_steps", "T = 1,000,000", [](const BenchRow& row) { return Dim(row.shape.steps); }},
    {"any_steps", "any T", [](const BenchRow&) { return sizes::T; }},
};

void prepare(const BenchRow& row, Dim steps) {
  const RecordedStep net(row.cell, steps, sizes::B, row.shape.inputs, row.shape.hidden);
  const Plan<float> plan(*net.tape, net.outputs());
}

void measure_record(const BenchRow& row, BenchContext& context, BenchResult& result) {
  std::vector<Contestant> contestants;
  for (const Length& length : lengths)
    contestants.push_back(timed(length.key, [row, steps = length.steps(row)] { prepare(row, steps); }));
  const Effort effort{context.effort.seconds / 4, context.effort.least_rounds, context.effort.sample_seconds};
  hold_contest(contestants, effort, result);
}

std::vector<BenchLines> record_tables(std::span<const BenchResult> rows) {
  BenchLines lines;
  for (const BenchResult& row : rows) {
    BenchResult& line = lines.emplace_back();
    line["cell"] = row["cell"];
    for (const Length& length : lengths) line[length.head] = cell_text(row["times"][length.key]);
  }
  return {lines};
}

}  // namespace

const BenchSection& record_section() {
  static const BenchSection section{BenchKind::record,
                                    "recording, differentiating and planning a net, milliseconds",
                                    measure_record, record_tables};
  return section;
}

}  // namespace unroll
