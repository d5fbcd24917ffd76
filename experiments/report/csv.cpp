#include "experiments/report/csv.hpp"

#include <array>
#include <string_view>

#include "experiments/config/text.hpp"
#include "experiments/report/axes.hpp"

namespace unroll {
namespace {

/// A column that comes from the record. `measured`: says something of a training that took place.
struct Column {
  std::string_view name;
  bool measured;
  std::string (*text)(const TrialRecord&);
};

constexpr std::array<Column, 10> kColumns{{
    {"status", false, [](const TrialRecord& r) { return std::string(status_name(r.status)); }},
    {"success", true, [](const TrialRecord& r) { return std::string(r.success ? "true" : "false"); }},
    {"solved_at", true, [](const TrialRecord& r) { return r.solved_at ? std::to_string(*r.solved_at) : ""; }},
    {"updates", true, [](const TrialRecord& r) { return std::to_string(r.updates); }},
    {"best_loss", true, [](const TrialRecord& r) { return exact_number(r.best_loss); }},
    {"best_update", true, [](const TrialRecord& r) { return std::to_string(r.best_update); }},
    {"last_loss", true, [](const TrialRecord& r) { return exact_number(r.last_loss); }},
    {"last_error_rate", true, [](const TrialRecord& r) { return exact_number(r.last_error_rate); }},
    {"trivial_loss", true, [](const TrialRecord& r) { return exact_number(r.trivial_loss); }},
    {"test_loss", true, [](const TrialRecord& r) { return r.test_loss ? exact_number(*r.test_loss) : ""; }},
}};

std::string quoted(const std::string& field) {
  if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
  std::string out = "\"";
  for (const char c : field) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

std::string row_of(const std::vector<std::string>& fields) {
  std::vector<std::string> cells;
  for (const std::string& field : fields) cells.push_back(quoted(field));
  return joined(cells, ",") + '\n';
}

std::string field_of(const Column& column, const TrialRecord* run) {
  if (run == nullptr) return column.name == "status" ? "missing" : "";
  if (run->status == TrialStatus::failed && column.measured) return "";
  return column.text(*run);
}

}  // namespace

std::string results_csv(const SweepPlan& plan, const std::vector<TrialRecord>& records) {
  std::vector<std::string> head{"id"};
  head.insert(head.end(), plan.axis_keys.begin(), plan.axis_keys.end());
  for (const Column& column : kColumns) head.emplace_back(column.name);

  std::string csv = row_of(head);
  const std::vector<const TrialRecord*> runs = runs_of(plan, records);
  for (std::size_t i = 0; i < plan.trials.size(); ++i) {
    const Trial& trial = plan.trials[i];
    std::vector<std::string> fields{trial.id};
    for (const std::string& key : plan.axis_keys) {
      const auto value = trial.axes.find(key);
      fields.push_back(value == trial.axes.end() ? "" : value->second);
    }
    for (const Column& column : kColumns) fields.push_back(field_of(column, runs[i]));
    csv += row_of(fields);
  }
  return csv;
}

}  // namespace unroll
