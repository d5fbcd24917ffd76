#include "experiments/report/best_point.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/config/text.hpp"
#include "experiments/report/axes.hpp"
#include "experiments/report/statistics.hpp"

namespace unroll {
namespace {

bool differ_in_task(const SweepPlan& plan) {
  return std::ranges::any_of(plan.axis_keys, [](const std::string& key) { return key.starts_with("task."); });
}

struct RankedPoint {
  const SweepCell* cell;
  CellStatistics statistics;
};

/// Those whose medians can be compared.
std::vector<RankedPoint> whole_points(const std::vector<SweepCell>& cells) {
  std::vector<RankedPoint> points;
  for (const SweepCell& cell : cells) {
    const CellStatistics s = cell_statistics(cell);
    if (s.done + s.diverged == s.planned && std::isfinite(s.best.median)) points.push_back({&cell, s});
  }
  return points;
}

std::string settings_text(const SweepPlan& plan, const Trial& trial) {
  std::vector<std::string> parts;
  for (const std::string& key : plan.axis_keys)
    if (const auto value = trial.axes.find(key); key != "seed" && value != trial.axes.end())
      parts.push_back(key + "=" + value->second);
  return joined(parts, " ");
}

}  // namespace

std::string best_point_text(const SweepPlan& plan, const std::vector<TrialRecord>& records) {
  const std::vector<SweepCell> cells = sweep_cells(plan, sweep_axes(plan), records);
  const std::vector<RankedPoint> points = whole_points(cells);
  if (cells.size() < 2 || points.empty() || differ_in_task(plan)) return "";
  const RankedPoint& best = *std::ranges::min_element(
      points, {}, [](const RankedPoint& point) { return point.statistics.best.median; });
  const CellStatistics& s = best.statistics;
  const bool tested = s.test.n > 0 && std::isfinite(s.test.median);
  return fmt::format(
      "best by the median over {} seed{}, of {} points trained to their end: {}\n"
      "  validation loss {}{}\n",
      s.planned, s.planned == 1 ? "" : "s", points.size(), settings_text(plan, *best.cell->trials.front()),
      short_number(s.best.median), tested ? fmt::format(", test loss {}", short_number(s.test.median)) : "");
}

}  // namespace unroll
