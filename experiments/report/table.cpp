#include "experiments/report/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "experiments/config/text.hpp"
#include "experiments/report/places_table.hpp"
#include "experiments/report/series_list.hpp"
#include "experiments/report/text_table.hpp"

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

std::string accuracy_text(const CellStatistics& cell) {
  return std::isfinite(cell.test_errors.median) ? short_number(1 - cell.test_errors.median) : "–";
}

std::string parameters_text(const CellStatistics& cell) {
  return cell.parameters.finite == 0 ? "–" : fmt::format("{:.0f}", cell.parameters.median);
}

constexpr std::array<SummaryColumn, 14> table_columns{{
    {"n", true, [](const CellStatistics& c) { return std::to_string(c.results()); }},
    {"success", true, [](const CellStatistics& c) { return success_text(c.success); }},
    {"success rate, 95 % CI", false, [](const CellStatistics& c) { return interval_text(c.success); }},
    {"median best", true, [](const CellStatistics& c) { return number_or_dash(c.best.median); }},
    {"mean ± 95 % CI", true, [](const CellStatistics& c) { return mean_text(c.best); }},
    {"min", true, [](const CellStatistics& c) { return number_or_dash(c.best.min); }},
    {"max", true, [](const CellStatistics& c) { return number_or_dash(c.best.max); }},
    {"median last", false, [](const CellStatistics& c) { return number_or_dash(c.last.median); }},
    {"median test", true, [](const CellStatistics& c) { return number_or_dash(c.test.median); }},
    {"test accuracy", true, accuracy_text, [](const CellStatistics& c) { return c.test_errors.n > 0; }},
    {"updates", true, [](const CellStatistics& c) { return solving_text(c.solving); }},
    {"parameters", false, parameters_text, [](const CellStatistics& c) { return c.parameters.n > 0; }},
    {"seconds", false, [](const CellStatistics& c) { return number_or_dash(c.seconds.median); }},
    {"not done", false, trouble_text},
}};

constexpr std::string_view kNotes =
    "best: the lowest loss on the fixed validation set, which flatters, having been chosen there; test: "
    "that\n"
    "model on the test set. Success: the rule held on the validation set and was confirmed on the test set;\n"
    "updates: median until then.\n";

std::string main_table(const std::vector<SweepAxis>& axes, const std::vector<SweepCell>& cells) {
  const std::vector<CellStatistics> statistics = statistics_of(cells);
  std::vector<SummaryColumn> columns = summary_columns(statistics);
  std::erase_if(columns, [](const SummaryColumn& column) { return !column.on_terminal; });
  TextTable table = table_of_cells(axes, cells);
  for (const SummaryColumn& column : columns) table.head.emplace_back(column.head);
  table.right.resize(table.head.size(), true);
  for (std::size_t i = 0; i < cells.size(); ++i)
    for (const SummaryColumn& column : columns) table.rows[i].push_back(column.text(statistics[i]));
  return aligned(table);
}

std::string troubles(const std::vector<SweepAxis>& axes, const std::vector<SweepCell>& cells) {
  std::string lines;
  for (const SweepCell& cell : cells) {
    const std::string trouble = trouble_text(cell_statistics(cell));
    if (trouble.empty()) continue;
    const std::string name = joined(cell_labels(axes, cell), " · ");
    lines += name + (name.empty() ? "" : ": ") + trouble + '\n';
  }
  return lines;
}

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
  if (cell.stopped > 0) parts.push_back(fmt::format("{} stopped", cell.stopped));
  if (cell.diverged > 0) parts.push_back(fmt::format("{} diverged", cell.diverged));
  if (cell.best.n > cell.best.finite)
    parts.push_back(fmt::format("{} without a finite loss", cell.best.n - cell.best.finite));
  if (cell.failed > 0) parts.push_back(fmt::format("{} failed", cell.failed));
  if (cell.missing > 0) parts.push_back(fmt::format("{} missing", cell.missing));
  return joined(parts, ", ");
}

std::vector<SummaryColumn> summary_columns(std::span<const CellStatistics> cells) {
  std::vector<SummaryColumn> columns;
  for (const SummaryColumn& column : table_columns)
    if (!column.present || std::ranges::any_of(cells, column.present)) columns.push_back(column);
  return columns;
}

std::vector<CellStatistics> statistics_of(std::span<const SweepCell> cells) {
  std::vector<CellStatistics> all;
  for (const SweepCell& cell : cells) all.push_back(cell_statistics(cell));
  return all;
}

std::string summary_table(const SweepPlan& plan, const std::vector<TrialRecord>& records) {
  const std::vector<SweepAxis> axes = sweep_axes(plan);
  const std::vector<SweepCell> cells = sweep_cells(plan, axes, records);
  std::string text = main_table(axes, cells) + std::string(kNotes) + troubles(axes, cells);
  for (const SeriesSummary& series : series_list(plan, records))
    if (series.kind == SeriesKind::points && series.leads) text += '\n' + places_table(axes, cells, series);
  return text;
}

}  // namespace unroll
