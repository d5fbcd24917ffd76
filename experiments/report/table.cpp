#include "experiments/report/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "experiments/config/text.hpp"

namespace unroll {
namespace {

std::string number_or_dash(double value) { return std::isnan(value) ? "–" : short_number(value); }

std::string success_text(const Rate& rate) {
  return rate.n == 0 ? "–" : fmt::format("{}/{}", rate.successes, rate.n);
}

std::string interval_text(const Rate& rate) {
  if (rate.n == 0) return "–";
  return fmt::format("{:.0f} % [{:.0f}, {:.0f}]", 100 * rate.share(), 100 * rate.low, 100 * rate.high);
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  const std::string space(width - std::min(width, columns_of(text)), ' ');
  return right ? space + text : text + space;
}

/// The first row is the head, and underlined.
std::string aligned(const std::vector<std::vector<std::string>>& rows, const std::vector<bool>& right) {
  std::vector<std::size_t> widths(right.size(), 0);
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
  std::string text;
  for (const auto& row : rows) {
    std::vector<std::string> cells, rule;
    for (std::size_t i = 0; i < row.size(); ++i) {
      cells.push_back(padded(row[i], widths[i], right[i]));
      rule.push_back(joined(std::vector<std::string>(widths[i], "─"), ""));
    }
    std::string line = joined(cells, "  ");
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
    if (&row == &rows.front()) text += joined(rule, "  ") + '\n';
  }
  return text;
}

constexpr std::array<SummaryColumn, 10> kColumns{{
    {"n", true, [](const CellStatistics& c) { return std::to_string(c.results()); }},
    {"success", true, [](const CellStatistics& c) { return success_text(c.success); }},
    {"success rate, 95 % CI", false, [](const CellStatistics& c) { return interval_text(c.success); }},
    {"median best", true, [](const CellStatistics& c) { return number_or_dash(c.best.median); }},
    {"mean ± 95 % CI", true, [](const CellStatistics& c) { return mean_text(c.best); }},
    {"min", true, [](const CellStatistics& c) { return number_or_dash(c.best.min); }},
    {"max", true, [](const CellStatistics& c) { return number_or_dash(c.best.max); }},
    {"median last", false, [](const CellStatistics& c) { return number_or_dash(c.last.median); }},
    {"updates", true, [](const CellStatistics& c) { return solving_text(c.solving); }},
    {"not done", false, trouble_text},
}};

}  // namespace

std::string mean_text(const Spread& spread) {
  if (std::isnan(spread.mean)) return "–";
  const std::string mean = short_number(spread.mean);
  if (std::isnan(spread.half_width)) return mean;
  // With the decimals of the mean, unless nothing but zeros would be left of it.
  const std::size_t point = mean.find('.');
  const bool scientific = mean.find('e') != std::string::npos;
  const int decimals = point == std::string::npos ? 0 : static_cast<int>(mean.size() - point - 1);
  if (!scientific && (spread.half_width == 0 || spread.half_width >= 0.5 * std::pow(10.0, -decimals)))
    return fmt::format("{} ± {:.{}f}", mean, spread.half_width, decimals);
  return fmt::format("{} ± {:.1e}", mean, spread.half_width);
}

std::string solving_text(const TimeToSolve& time) {
  if (time.median) return fmt::format("{:.0f}", *time.median);
  return time.censored_at > 0 ? fmt::format("> {}", time.censored_at) : "–";
}

std::string trouble_text(const CellStatistics& cell) {
  std::vector<std::string> parts;
  if (cell.diverged > 0) parts.push_back(fmt::format("{} diverged", cell.diverged));
  if (cell.best.n > cell.best.finite)
    parts.push_back(fmt::format("{} without a finite loss", cell.best.n - cell.best.finite));
  if (cell.failed > 0) parts.push_back(fmt::format("{} failed", cell.failed));
  if (cell.missing > 0) parts.push_back(fmt::format("{} missing", cell.missing));
  return joined(parts, ", ");
}

std::span<const SummaryColumn> summary_columns() { return kColumns; }

std::string summary_table(const SweepPlan& plan, const std::vector<TrialRecord>& records) {
  const std::vector<SweepAxis> axes = sweep_axes(plan);
  std::vector<bool> right;
  std::vector<std::vector<std::string>> rows(1);
  for (const SweepAxis& axis : axes) {
    rows[0].push_back(axis.name);
    right.push_back(axis.numeric());
  }
  for (const SummaryColumn& column : kColumns)
    if (column.on_terminal) rows[0].emplace_back(column.head);
  right.resize(rows[0].size(), true);

  std::string notes = "best: lowest validation loss of a run; updates: median until the success rule held\n";
  for (const SweepCell& cell : sweep_cells(plan, axes, records)) {
    const CellStatistics statistics = cell_statistics(cell);
    std::vector<std::string> row = cell_labels(axes, cell);
    const std::string trouble = trouble_text(statistics);
    if (!trouble.empty()) notes += joined(row, " · ") + (row.empty() ? "" : ": ") + trouble + '\n';
    for (const SummaryColumn& column : kColumns)
      if (column.on_terminal) row.push_back(column.text(statistics));
    rows.push_back(std::move(row));
  }
  return aligned(rows, right) + notes;
}

}  // namespace unroll
