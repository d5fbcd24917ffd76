#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/report/axes.hpp"
#include "experiments/report/statistics.hpp"
#include "experiments/sweep/plan.hpp"
#include "experiments/records/record.hpp"

namespace unroll {

/// A column of the summary: what it says of one cell. The terminal shows those that fit, the report all.
struct SummaryColumn {
  std::string_view head;
  bool on_terminal;
  std::string (*text)(const CellStatistics&);
};

/// The list of all columns, after those of the axes.
std::span<const SummaryColumn> summary_columns();

/// The table that ends a sweep: aligned plain text, one line per cell, and notes below. Best loss is the
/// lowest validation loss of a run.
std::string summary_table(const SweepPlan& plan, const std::vector<TrialRecord>& records);

/// "0.1667 ± 0.0012"
std::string mean_text(const Spread& spread);
/// "850", "> 3000" when censored, "–" without a result
std::string solving_text(const TimeToSolve& time);
/// "2 diverged, 1 without a finite loss, 1 failed, 1 missing", or nothing
std::string trouble_text(const CellStatistics& cell);

}  // namespace unroll
