#include "experiments/report/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "experiments/config/cell_text.hpp"
#include "experiments/config/text.hpp"
#include "experiments/report/axes.hpp"
#include "experiments/report/cell_numbers.hpp"
#include "experiments/report/csv.hpp"
#include "experiments/report/filled.hpp"
#include "experiments/report/packed.hpp"
#include "experiments/report/series_block.hpp"
#include "experiments/report/series_list.hpp"
#include "experiments/report/statistics.hpp"
#include "experiments/report/table.hpp"
#include "experiments/report/web_files.hpp"
#include "experiments/sweep/progress.hpp"
#include "models/language/definition.hpp"

namespace unroll {
namespace {

struct Counts {
  std::size_t done = 0, stopped = 0, diverged = 0, failed = 0, missing = 0;
};

Counts counts_of(const std::vector<const TrialRecord*>& runs) {
  Counts counts;
  for (const TrialRecord* run : runs) {
    if (run == nullptr)
      ++counts.missing;
    else if (run->status == TrialStatus::done)
      ++counts.done;
    else if (run->status == TrialStatus::stopped)
      ++counts.stopped;
    else if (run->status == TrialStatus::diverged)
      ++counts.diverged;
    else
      ++counts.failed;
  }
  return counts;
}

/// "3 values of (activation, init) × 4 values of length × 5 seeds"
std::string swept_text(const SweepPlan& plan) {
  std::vector<std::string> parts;
  for (const SweepAxis& axis : sweep_axes(plan))
    parts.push_back(fmt::format("{} {} of {}", axis.labels.size(),
                                axis.labels.size() == 1 ? "value" : "values",
                                axis.keys.size() == 1 ? axis.name : "(" + axis.name + ")"));
  std::set<std::string> seeds;
  for (const Trial& trial : plan.trials)
    if (const auto seed = trial.axes.find("seed"); seed != trial.axes.end()) seeds.insert(seed->second);
  if (!seeds.empty())
    parts.push_back(fmt::format("{} {}", seeds.size(), seeds.size() == 1 ? "seed" : "seeds"));
  return joined(parts, " × ");
}

std::string summary_html(const SweepPlan& plan, const Counts& counts) {
  const std::string swept = swept_text(plan);
  std::string html = fmt::format("<strong>{} {}</strong>{}{}: {} done", plan.trials.size(),
                                 plan.trials.size() == 1 ? "trial" : "trials", swept.empty() ? "" : ", ",
                                 html_escaped(swept), counts.done);
  if (counts.stopped > 0) html += fmt::format(", {} stopped", counts.stopped);
  for (const auto& [count, name] : {std::pair(counts.diverged, "diverged"),
                                    std::pair(counts.failed, "failed"), std::pair(counts.missing, "missing")})
    html += count == 0 ? fmt::format(", 0 {}", name)
                       : fmt::format(", <strong class=\"{1}\">{0} {1}</strong>", count, name);
  return html + ".";
}

std::string success_rules_html(const std::vector<const TrialRecord*>& runs) {
  std::vector<std::string> rules;
  for (const TrialRecord* run : runs) {
    if (run == nullptr || run->success_rule.empty()) continue;
    if (std::find(rules.begin(), rules.end(), run->success_rule) == rules.end())
      rules.push_back(run->success_rule);
  }
  if (rules.empty()) return "";
  return fmt::format(
      "A run succeeds when it reaches: {}. That counts when it held on the validation set "
      "and was confirmed on the test set, where there is one.",
      html_escaped(joined(rules, "; or ")));
}

/// Keeps "95 % CI" on one line, wherever a narrow head wraps.
std::string unbroken(std::string text) {
  if (const std::size_t at = text.find("95 % CI"); at != std::string::npos)
    text.replace(at, 7, "95\u00a0%\u00a0CI");
  return text;
}

std::string cell_html(std::string_view tag, const std::string& text, bool number = false) {
  return fmt::format("<{0}{1}>{2}</{3}>", tag, number ? " class=\"number\"" : "", html_escaped(text),
                     tag.substr(0, 2));
}

/// The rows of a table, of which a long one shows the first: web/tables.js shows the others when asked.
std::string body_html(const std::vector<std::string>& rows) {
  constexpr std::size_t shown = 200;
  std::string html = "<tbody>\n";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i == shown) html += "</tbody><tbody class=\"rest\">\n";
    html += "<tr>" + rows[i] + "</tr>\n";
  }
  return html + "</tbody>";
}

std::string table_html(const SweepPlan& plan, const std::vector<TrialRecord>& records) {
  const std::vector<SweepAxis> axes = sweep_axes(plan);
  const std::vector<SweepCell> cells = sweep_cells(plan, axes, records);
  const std::vector<CellStatistics> statistics = statistics_of(cells);
  const std::vector<SummaryColumn> columns = summary_columns(statistics);
  std::string head;
  for (const SweepAxis& axis : axes) head += cell_html("th scope=\"col\"", axis.name, axis.numeric());
  for (const SummaryColumn& column : columns)
    head += cell_html("th scope=\"col\"", unbroken(std::string(column.head)), true);
  std::vector<std::string> rows(cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    for (std::size_t a = 0; a < axes.size(); ++a)
      rows[i] += cell_html("th scope=\"row\"", axes[a].labels[cells[i].at[a]], axes[a].numeric());
    for (const SummaryColumn& column : columns) rows[i] += cell_html("td", column.text(statistics[i]));
  }
  return "<table id=\"summary\"><thead><tr>" + head + "</tr></thead>" + body_html(rows) + "</table>";
}

std::string axes_text(const SweepPlan& plan, const Trial& trial) {
  std::vector<std::string> parts;
  for (const std::string& key : plan.axis_keys)
    if (const auto value = trial.axes.find(key); value != trial.axes.end())
      parts.push_back(key + " = " + value->second);
  return joined(parts, ", ");
}

/// Diverged and failed trials with their reasons, in plan order.
std::string trouble_html(const SweepPlan& plan, const std::vector<const TrialRecord*>& runs) {
  std::vector<std::string> rows;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (runs[i] == nullptr || runs[i]->status == TrialStatus::done || runs[i]->status == TrialStatus::stopped)
      continue;
    const std::string status(status_name(runs[i]->status));
    rows.push_back(fmt::format("<td><span class=\"{0}\">{0}</span></td>{1}{2}<td><code>{3}</code></td>",
                               status, cell_html("td", axes_text(plan, plan.trials[i])),
                               cell_html("td", runs[i]->reason), html_escaped(plan.trials[i].id)));
  }
  if (rows.empty()) return "<p>None: no trial diverged or failed.</p>";
  return "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Diverged and failed trials\">"
         "<table id=\"trouble\"><thead><tr><th scope=\"col\">status</th><th scope=\"col\">trial</th>"
         "<th scope=\"col\">reason</th><th scope=\"col\">id</th></tr></thead>" +
         body_html(rows) + "</table></div>";
}

/// The lines of a folder's header without their '#'.
std::vector<std::string> comments_in(const std::string& header) {
  std::vector<std::string> lines;
  std::istringstream stream(header);
  for (std::string line; std::getline(stream, line);)
    if (line.starts_with("# ")) lines.push_back(line.substr(2));
  return lines;
}

/// The builds that the records carry, CPU and kernels included; what made the folder, and when; and the time
/// that the trials took in all.
std::string machine_text(const SweepPlan& plan, const std::vector<const TrialRecord*>& runs) {
  std::map<std::string, std::size_t> builds;
  std::size_t records = 0;
  double seconds = 0;
  for (const TrialRecord* run : runs) {
    if (run == nullptr) continue;
    ++records;
    if (!run->build.empty()) ++builds[run->build];
    seconds += run->seconds;
  }
  std::vector<std::string> lines;
  for (const auto& [build, trials] : builds)
    lines.push_back(builds.size() == 1 ? build : fmt::format("{} of {} trials: {}", trials, records, build));
  for (const std::string& line : comments_in(plan.header))
    if (!builds.contains(line)) lines.push_back(line);
  lines.push_back(fmt::format("All trials together took {} of one worker's time.", render_duration(seconds)));
  return joined(lines, "\n");
}

/// Which loss the gradients are of: "the last step".
std::string loss_step_text(const SweepPlan& plan) {
  std::vector<std::string> steps;
  for (const Trial& trial : plan.trials) {
    const std::string& step = trial.config.diagnose_loss_step;
    const std::string text = step == "last" || step == "all" ? step : "number " + step;
    if (std::ranges::find(steps, text) == steps.end()) steps.push_back(text);
  }
  if (steps.size() != 1) return fmt::format("the step that its trial says ({})", joined(steps, ", "));
  return steps[0] == "all"    ? "all of its steps together"
         : steps[0] == "last" ? "its last step"
                              : "its step " + steps[0];
}

std::string gradient_note(const CellText& cell) {
  try {
    const auto definition = cell_definition(cell);
    return definition ? std::string(definition->gradient_note()) : "";
  } catch (const std::invalid_argument&) {  // of a version with another language
    return "";
  }
}

/// Cells whose gradient is not that of their equations.
std::string declared_html(const SweepPlan& plan) {
  std::set<std::string> cells;
  for (const Trial& trial : plan.trials) cells.insert(trial.config.model.cell.text);
  std::string html;
  for (const std::string& cell : cells)
    if (const std::string note = gradient_note(cell); !note.empty())
      html += fmt::format("<br>The cell <code>{}</code>: {}.", html_escaped(label_of(cell)), note);
  return html;
}

/// A text that the page's scripts read when they need it. Base64 has no '<' that could end the element.
std::string packed_html(const std::string& id, const std::string& text) {
  return fmt::format("<script id=\"packed-{}\" type=\"text/plain\">{}</script>", id, packed(text));
}

/// The curves of each series and of its single runs, in the order of the list, and the numbers of each cell.
std::string series_html(const SweepPlan& plan, const std::vector<TrialRecord>& records) {
  const std::vector<SweepCell> cells = sweep_cells(plan, sweep_axes(plan), records);
  std::vector<std::string> blocks;
  std::size_t index = 0;
  for (const SeriesSummary& series : series_list(plan, records)) {
    blocks.push_back(packed_html(fmt::format("series-{}", index), series_block(cells, series)));
    if (has_runs(cells, series))
      blocks.push_back(packed_html(fmt::format("runs-{}", index), runs_block(cells, series)));
    ++index;
  }
  blocks.push_back(packed_html("numbers", numbers_block(cells)));
  return joined(blocks, "\n");
}

}  // namespace

std::string report_html(const SweepPlan& plan, const std::vector<TrialRecord>& records,
                        const std::string& title, const ReportParts& parts) {
  const std::vector<const TrialRecord*> runs = runs_of(plan, records);
  const auto value_of = [&](std::string_view name) -> std::string {
    if (name == "title") return html_escaped(title);
    if (name == "summary") return summary_html(plan, counts_of(runs));
    if (name == "rules") return success_rules_html(runs) + declared_html(plan);
    if (name == "loss_step") return html_escaped(loss_step_text(plan));
    if (name == "table") return table_html(plan, records);
    if (name == "trouble") return trouble_html(plan, runs);
    if (name == "resolved") return html_escaped(plan.resolved);
    if (name == "machine") return html_escaped(machine_text(plan, runs));
    if (name == "foreword") return parts.foreword;
    if (name == "sweep") return packed_html("sweep", report_data(plan, records, parts.published));
    if (name == "series") return series_html(plan, records);
    if (name == "trials") return packed_html("trials", results_csv(plan, records, parts.fixed));
    return std::string(web_file(name));  // {{report.css}}: a file of the page
  };
  return filled(page_template("template.html"), value_of);
}

std::string figure_html(const SweepPlan& plan, const std::vector<TrialRecord>& records,
                        const std::vector<PublishedValue>& published, const std::string& request) {
  const auto value_of = [&](std::string_view name) -> std::string {
    if (name == "sweep") return packed_html("sweep", report_data(plan, records, published));
    if (name == "series") return series_html(plan, records);
    if (name == "request") return packed_html("request", request);
    return std::string(web_file(name));
  };
  return filled(web_file("figure.html"), value_of);
}

}  // namespace unroll
