#include "experiments/report/summary_rows.hpp"

#include <cmath>
#include <limits>
#include <string>

#include "experiments/config/text.hpp"
#include "experiments/report/axes.hpp"
#include "experiments/report/statistics.hpp"

namespace unroll {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) {
  if (std::isnan(value)) return nullptr;
  return std::isfinite(value) ? Json(value) : Json(exact_number(value));
}

void add_axes(const std::vector<SweepAxis>& axes, const SweepCell& cell, Json& row) {
  for (std::size_t a = 0; a < axes.size(); ++a)
    for (std::size_t key = 0; key < axes[a].keys.size(); ++key)
      row[axes[a].keys[key]] = axes[a].points[cell.at[a]][key];
}

void add_success(const CellStatistics& s, Json& row) {
  row["n"] = s.results();
  row["successes"] = s.success.successes;
  row["success_rate"] = number(s.success.share());
  row["success_low"] = number(s.success.low);
  row["success_high"] = number(s.success.high);
  row["updates_to_success"] = s.solving.median ? number(*s.solving.median) : Json(nullptr);
  row["unsolved_after"] = s.solving.censored_at > 0 ? Json(s.solving.censored_at) : Json(nullptr);
}

void add_losses(const CellStatistics& s, Json& row) {
  row["median_best_loss"] = number(s.best.median);
  row["mean_best_loss"] = number(s.best.mean);
  row["mean_best_loss_half_width"] = number(s.best.half_width);
  row["min_best_loss"] = number(s.best.min);
  row["max_best_loss"] = number(s.best.max);
  row["median_last_loss"] = number(s.last.median);
  row["median_test_loss"] = number(s.test.median);
  row["test_accuracy"] = number(1 - s.test_errors.median);
}

void add_counts(const CellStatistics& s, Json& row) {
  row["parameters"] = number(s.parameters.median);
  row["median_seconds"] = number(s.seconds.median);
  row["stopped"] = s.stopped;
  row["diverged"] = s.diverged;
  row["failed"] = s.failed;
  row["missing"] = s.missing;
}

}  // namespace

std::vector<Json> summary_rows(const SweepPlan& plan, const std::vector<TrialRecord>& records) {
  const std::vector<SweepAxis> axes = sweep_axes(plan);
  std::vector<Json> rows;
  for (const SweepCell& cell : sweep_cells(plan, axes, records)) {
    const CellStatistics statistics = cell_statistics(cell);
    Json row;
    add_axes(axes, cell, row);
    add_success(statistics, row);
    add_losses(statistics, row);
    add_counts(statistics, row);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace unroll
