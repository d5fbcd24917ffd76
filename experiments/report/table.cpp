#include "experiments/report/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/report/text.hpp"

namespace unroll {
namespace {

std::string number_or_dash(double value) { return std::isnan(value) ? "–" : short_number(value); }

std::string success_text(const Rate& rate) {
  return rate.n == 0 ? "–" : fmt::format("{}/{}", rate.successes, rate.n);
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  const std::string space(width - std::min(width, columns_of(text)), ' ');
  return right ? space + text : text + space;
}

std::string line_of(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths,
                    const std::vector<bool>& right) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i)
    line += (i == 0 ? "" : "  ") + padded(cells[i], widths[i], right[i]);
  line.erase(line.find_last_not_of(' ') + 1);
  return line + '\n';
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
  if (cell.diverged > 0) parts.push_back(fmt::format("{} diverged", cell.diverged));
  if (cell.best.n > cell.best.finite)
    parts.push_back(fmt::format("{} without a finite loss", cell.best.n - cell.best.finite));
  if (cell.failed > 0) parts.push_back(fmt::format("{} failed", cell.failed));
  if (cell.missing > 0) parts.push_back(fmt::format("{} missing", cell.missing));
  return joined(parts, ", ");
}

SummaryRows summary_rows(const std::vector<SweepAxis>& axes, const std::vector<SweepCell>& cells) {
  SummaryRows out;
  out.heads = {"n", "success", "median best", "mean ± 95 % CI", "min", "max", "updates"};
  for (const SweepAxis& axis : axes) out.axis_names.push_back(axis.name);
  for (const SweepCell& cell : cells) {
    const CellStatistics s = cell_statistics(cell);
    std::vector<std::string> row;
    for (std::size_t a = 0; a < axes.size(); ++a) row.push_back(axes[a].labels[cell.at[a]]);
    const std::string trouble = trouble_text(s);
    if (!trouble.empty())
      out.notes.push_back(row.empty() ? trouble : fmt::format("{}: {}", joined(row, " · "), trouble));
    for (std::string text :
         {std::to_string(s.results()), success_text(s.success), number_or_dash(s.best.median),
          mean_text(s.best), number_or_dash(s.best.min), number_or_dash(s.best.max), solving_text(s.solving)})
      row.push_back(std::move(text));
    out.rows.push_back(std::move(row));
  }
  return out;
}

std::string summary_table(const SweepPlan& plan, const std::vector<TrialRecord>& records) {
  const std::vector<SweepAxis> axes = sweep_axes(plan);
  const SummaryRows summary = summary_rows(axes, sweep_cells(plan, axes, records));

  std::vector<std::string> head = summary.axis_names;
  head.insert(head.end(), summary.heads.begin(), summary.heads.end());
  std::vector<bool> right(head.size(), true);
  for (std::size_t a = 0; a < axes.size(); ++a) right[a] = axes[a].numeric();
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < head.size(); ++i) {
    widths.push_back(columns_of(head[i]));
    for (const auto& row : summary.rows) widths[i] = std::max(widths[i], columns_of(row[i]));
  }

  std::string table = line_of(head, widths, right);
  std::vector<std::string> rule;
  for (const std::size_t width : widths) rule.push_back(joined(std::vector<std::string>(width, "─"), ""));
  table += joined(rule, "  ") + '\n';
  for (const auto& row : summary.rows) table += line_of(row, widths, right);
  table += "best: lowest validation loss of a run; updates: median until the success rule held\n";
  for (const std::string& note : summary.notes) table += note + '\n';
  return table;
}

}  // namespace unroll
