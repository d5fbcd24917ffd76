#include <fmt/format.h>

#include <algorithm>

#include "experiments/bench/engine_step.hpp"
#include "experiments/bench/sections.hpp"

// Whether a step costs the same in long sequences as in short ones.

namespace unroll {

namespace {

constexpr std::int64_t shortest = 1000;

std::vector<std::int64_t> lengths_up_to(std::int64_t longest) {
  std::vector<std::int64_t> lengths;
  for (std::int64_t steps = shortest; steps <= longest; steps *= 10) lengths.push_back(steps);
  return lengths;
}

Contestant contestant(const BenchRow& row, std::int64_t steps) {
  StepShape shape = row.shape;
  shape.steps = steps;
  return engine_contestant(fmt::format("{}", steps), row.cell, shape);
}

void measure_length(const BenchRow& row, BenchContext& context, BenchResult& result) {
  const std::vector<std::int64_t> lengths = lengths_up_to(row.shape.steps);
  std::vector<Contestant> contestants;
  for (const std::int64_t steps : lengths) contestants.push_back(contestant(row, steps));
  const std::vector<Measured> all = contest(contestants, context.effort);
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    BenchResult length = {{"T", lengths[i]}, {"time", to_json(all[i])}};
    const auto us_per_step = [&](std::size_t j) {
      return 1e6 * all[j].timing.median / static_cast<double>(lengths[j]);
    };
    const bool measured = all[i].problem.empty();
    length["us_per_step"] = measured ? BenchResult(us_per_step(i)) : BenchResult();
    length["to_shortest"] =
        measured && all[0].problem.empty() ? BenchResult(us_per_step(i) / us_per_step(0)) : BenchResult();
    result["lengths"].push_back(length);
  }
}

std::vector<BenchLines> length_tables(std::span<const BenchResult> rows) {
  std::vector<BenchLines> all;
  for (const BenchResult& row : rows) {
    BenchLines& lines = all.emplace_back();
    for (const BenchResult& length : row["lengths"]) {
      BenchResult& line = lines.emplace_back();
      line["net"] = fmt::format("{}, B = {}, H = {}", row["cell"].get<std::string>(), row["B"].get<int>(),
                                row["hidden"].get<int>());
      line["T"] = length["T"];
      line["milliseconds"] = cell_text(length["time"]);
      line["µs per step"] = ratio_text(length["us_per_step"]);
      line["to T = 1000"] = ratio_text(length["to_shortest"]);
    }
  }
  return all;
}

}  // namespace

const BenchSection& length_section() {
  static const BenchSection section{BenchKind::length,
                                    "time per step of longer and longer sequences, loss at the last step",
                                    measure_length, length_tables};
  return section;
}

}  // namespace unroll
