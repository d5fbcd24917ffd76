#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/records/record.hpp"
#include "experiments/report/axes.hpp"
#include "experiments/report/statistics.hpp"
#include "experiments/sweep/plan.hpp"

namespace unroll {

/// A column of the summary: what it says of one cell. The terminal shows those that fit, the report all.
struct SummaryColumn {
  std::string_view head;
  bool on_terminal;
  std::string (*text)(const CellStatistics&);
  /// Whether there is something to say of a cell; null: always. A column without such a cell is left out.
  bool (*present)(const CellStatistics&) = nullptr;
};

/// The columns, after those of the axes, that a sweep of these cells has.
std::vector<SummaryColumn> summary_columns(std::span<const CellStatistics> cells);

/// The statistics of each cell.
std::vector<CellStatistics> statistics_of(std::span<const SweepCell> cells);

/// The tables that end a sweep, in aligned plain text: one line per cell, notes below, then what the records
/// have at a few places, such as accuracy over length.
std::string summary_table(const SweepPlan& plan, const std::vector<TrialRecord>& records);

/// "0.1667 ± 0.0012"
std::string mean_text(const Spread& spread);
/// "850", "> 3000" when censored, "–" without a result
std::string solving_text(const TimeToSolve& time);
/// "2 diverged, 1 without a finite loss, 1 failed, 1 missing", or nothing
std::string trouble_text(const CellStatistics& cell);

}  // namespace unroll
