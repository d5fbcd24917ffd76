#include "experiments/report/csv.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <string_view>

#include "experiments/config/text.hpp"
#include "experiments/report/axes.hpp"
#include "experiments/report/statistics.hpp"

namespace unroll {
namespace {

/// A column that every record has. `measured`: says something of a training that took place.
struct Column {
  std::string_view name;
  bool measured;
  std::string (*text)(const TrialRecord&);
};

constexpr std::array<Column, 5> csv_columns{{
    {"status", false, [](const TrialRecord& r) { return std::string(status_name(r.status)); }},
    {"success", true, [](const TrialRecord& r) { return std::string(r.success ? "true" : "false"); }},
    {"solved_at", true, [](const TrialRecord& r) { return r.solved_at ? std::to_string(*r.solved_at) : ""; }},
    {"updates", true, [](const TrialRecord& r) { return std::to_string(r.updates); }},
    {"best_update", true, [](const TrialRecord& r) { return std::to_string(r.best_update); }},
}};

std::string quoted(const std::string& field) {
  if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
  std::string out = "\"";
  for (const char c : field) out.append(c == '"' ? 2 : 1, c);
  return out + '"';
}

std::vector<std::string> scalar_names(const std::vector<const TrialRecord*>& runs) {
  std::vector<std::string> names;
  for (const TrialRecord* run : runs) {
    if (!has_result(run)) continue;
    for (const Scalar& scalar : run->scalars)
      if (std::ranges::find(names, scalar.name) == names.end()) names.push_back(scalar.name);
  }
  return names;
}

std::string field_of(const Column& column, const TrialRecord* run) {
  if (run == nullptr) return column.name == "status" ? "missing" : "";
  return column.measured && !has_result(run) ? "" : column.text(*run);
}

std::string field_of(const std::string& scalar, const TrialRecord* run) {
  const std::optional<double> value = has_result(run) ? run->scalar(scalar) : std::nullopt;
  return value ? exact_number(*value) : "";
}

/// As exact_number() does, but without a text of its own for each of millions.
void append_number(std::string& csv, double value) {
  if (std::isfinite(value))
    fmt::format_to(std::back_inserter(csv), FMT_COMPILE("{}"), value);
  else
    csv += exact_number(value);
}

void append_points(std::string& csv, const std::string& id, const RecordedSeries& series) {
  std::string head = csv_line({id, series.name, series.moment, series.axis});
  head.back() = ',';
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    csv += head;
    append_number(csv, series.x[i]);
    csv += ',';
    append_number(csv, series.y[i]);
    csv += '\n';
  }
}

}  // namespace

std::string csv_line(const std::vector<std::string>& fields) {
  std::vector<std::string> cells;
  for (const std::string& field : fields) cells.push_back(quoted(field));
  return joined(cells, ",") + '\n';
}

std::string series_csv(const SweepPlan& plan, const std::vector<TrialRecord>& records) {
  std::string csv = csv_line({"id", "series", "moment", "axis", "x", "y"});
  for (const TrialRecord* run : runs_of(plan, records)) {
    if (!has_result(run)) continue;
    for (const RecordedSeries& series : run->series) append_points(csv, run->id, series);
  }
  return csv;
}

std::string timing_csv(const SweepPlan& plan, const std::vector<TrialRecord>& records) {
  std::string csv = csv_line({"id", "seconds", "attempts", "host", "build"});
  for (const TrialRecord* run : runs_of(plan, records))
    if (run != nullptr)
      csv += csv_line({run->id, fmt::format("{:.6f}", run->seconds), std::to_string(run->attempts), run->host,
                       run->build});
  return csv;
}

std::string results_csv(const SweepPlan& plan, const std::vector<TrialRecord>& records,
                        const std::vector<FixedSetting>& fixed) {
  const std::vector<const TrialRecord*> runs = runs_of(plan, records);
  const std::vector<std::string> scalars = scalar_names(runs);
  std::vector<std::string> head{"id"};
  head.insert(head.end(), plan.axis_keys.begin(), plan.axis_keys.end());
  for (const Column& column : csv_columns) head.emplace_back(column.name);
  head.insert(head.end(), scalars.begin(), scalars.end());
  for (const FixedSetting& setting : fixed) head.push_back(setting.key);

  std::string csv = csv_line(head);
  for (std::size_t i = 0; i < plan.trials.size(); ++i) {
    const Trial& trial = plan.trials[i];
    std::vector<std::string> fields{trial.id};
    for (const std::string& key : plan.axis_keys) {
      const auto value = trial.axes.find(key);
      fields.push_back(value == trial.axes.end() ? "" : value->second);
    }
    for (const Column& column : csv_columns) fields.push_back(field_of(column, runs[i]));
    for (const std::string& name : scalars) fields.push_back(field_of(name, runs[i]));
    for (const FixedSetting& setting : fixed) fields.push_back(setting.text);
    csv += csv_line(fields);
  }
  return csv;
}

}  // namespace unroll
