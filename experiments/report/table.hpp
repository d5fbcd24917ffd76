#pragma once

#include <string>
#include <vector>

#include "experiments/report/axes.hpp"
#include "experiments/report/statistics.hpp"
#include "experiments/sweep/plan.hpp"
#include "experiments/sweep/record.hpp"

namespace unroll {

/// The cells of a sweep as rows of text; the terminal's table and the report's show the same words.
struct SummaryRows {
  std::vector<std::string> axis_names;
  std::vector<std::string> heads;              ///< "n", "success", ...
  std::vector<std::vector<std::string>> rows;  ///< axis values, then one text per head
  std::vector<std::string> notes;  ///< what a reader of the numbers must know: runs without a result
};

/// `rows` in the order of `cells`.
SummaryRows summary_rows(const std::vector<SweepAxis>& axes, const std::vector<SweepCell>& cells);

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
