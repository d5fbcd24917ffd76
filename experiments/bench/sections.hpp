#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string_view>
#include <vector>

#include "experiments/bench/pytorch.hpp"
#include "experiments/bench/rows.hpp"
#include "experiments/bench/timing.hpp"
#include "experiments/laboratory.hpp"

namespace unroll {

/// What measuring needs beside a row.
struct BenchContext {
  const Laboratory& laboratory;
  Effort effort;
  PyTorch pytorch;
};

/// A measured row, as --format json gives it: "row" is its name, "kind", "cell" and the sizes follow, then
/// what its section adds. Times are in milliseconds of CPU time, where nothing else is said:
/// {"median_ms", "low_ms", "high_ms" (quartiles), "samples"}, or {"problem"} where there is none.
using BenchResult = nlohmann::ordered_json;
/// The lines of a table for people: flat objects, all with the same members.
using BenchLines = std::vector<nlohmann::ordered_json>;

/// How one kind of row is measured and shown.
struct BenchSection {
  BenchKind kind;
  std::string_view title;
  void (*measure)(const BenchRow&, BenchContext&, BenchResult&);
  /// One table, or several below one another.
  std::vector<BenchLines> (*tables)(std::span<const BenchResult>);
};

/// The list of all sections, in the order they are shown.
std::span<const BenchSection> bench_sections();

/// Measures one row with its section. Products stay on the calling thread from then on.
BenchResult measure_row(const BenchRow& row, BenchContext& context);

const BenchSection& step_section();
const BenchSection& small_section();
const BenchSection& stream_section();
const BenchSection& reverse_section();
const BenchSection& ops_section();
const BenchSection& record_section();
const BenchSection& length_section();
const BenchSection& memory_section();
const BenchSection& threads_section();
const BenchSection& shards_section();
const BenchSection& ragged_section();
const BenchSection& around_section();
const BenchSection& language_section();

/// Holds a contest, and gives result["times"] by key.
std::vector<Measured> hold_contest(const std::vector<Contestant>& contestants, const Effort& effort,
                                   BenchResult& result);

BenchResult to_json(const Measured& measured);
/// "1.83 ±2%" (median, half the distance between the quartiles), or the problem, or "–" for null.
std::string cell_text(const BenchResult& timing);
/// The quotient of two medians, or null where one is missing.
BenchResult ratio_of(const BenchResult& timing, const BenchResult& to);
/// "1.04", or "–" for null.
std::string ratio_text(const BenchResult& ratio);

}  // namespace unroll
