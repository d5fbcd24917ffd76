#include "experiments/report/against.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "experiments/config/config_error.hpp"
#include "experiments/config/text.hpp"
#include "experiments/report/comparison_rows.hpp"
#include "experiments/report/report.hpp"

namespace unroll {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* folder_key = "folder";

using TrialsById = std::map<std::string, const Trial*>;

TrialsById by_id(const ComparedSet& set) {
  TrialsById trials;
  for (const Trial& trial : set.trials) trials.emplace(trial.id, &trial);
  return trials;
}

/// Both sets may hold a trial of one id: with the set behind it they differ.
void add(JointSweep& sweep, const NamedTrials& set, const Trial& trial, const TrialRecord& record,
         const std::map<std::string, std::string>& axes) {
  Trial& copy = sweep.plan.trials.emplace_back(trial);
  copy.id = fmt::format("{} in {}", trial.id, set.name);
  copy.axes = axes;
  copy.axes[folder_key] = set.name;
  sweep.records.push_back(record);
  sweep.records.back().id = copy.id;
}

std::string list_html(const std::vector<std::string>& lines) {
  std::string html = "<ul class=\"changes\">\n";
  for (const std::string& line : lines) html += "<li>" + html_escaped(line) + "</li>\n";
  return html + "</ul>\n";
}

std::set<std::string> builds_of(const ComparedSet& set) {
  std::set<std::string> builds;
  for (const TrialRecord& record : set.records)
    if (!record.build.empty()) builds.insert(record.build);
  return builds;
}

std::vector<std::string> changes(const NamedTrials& before, const NamedTrials& now,
                                 const PairedSets& paired) {
  std::vector<std::string> lines;
  for (const SettingDifference& one : paired.differences)
    lines.push_back(fmt::format("{}: {} before, {} now", one.key, one.a, one.b));
  if (lines.empty()) lines.emplace_back("No setting has one value before and another now.");
  const auto old_builds = builds_of(before.set), new_builds = builds_of(now.set);
  if (old_builds != new_builds)
    lines.push_back(
        fmt::format("Computed by other builds, so that the last bits may differ: {} before; {} now.",
                    fmt::join(old_builds, " and "), fmt::join(new_builds, " and ")));
  for (const std::string& sentence : left_out(paired)) lines.push_back(sentence);
  if (!paired.unpaired.empty())
    lines.push_back(
        fmt::format("{} trials have no partner and are left out; `unroll compare --unpaired` names them.",
                    paired.unpaired.size()));
  return lines;
}

/// The columns as people read them: A is before, B is now.
std::string head_of(const std::string& key) {
  static const std::map<std::string, std::string> heads{{"A", "before"},
                                                        {"B", "now"},
                                                        {"low", "95 % CI from"},
                                                        {"high", "to"},
                                                        {"A better", "before is better"},
                                                        {"B better", "now is better"}};
  const auto found = heads.find(key);
  return found == heads.end() ? key : found->second;
}

std::string text_of(const Json& value) {
  if (value.is_null()) return "–";
  if (value.is_string()) return value.get<std::string>();
  return value.is_number_float() ? short_number(value.get<double>()) : value.dump();
}

std::string table_html(const std::vector<Json>& rows) {
  std::string html =
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"What changed\">"
      "<table id=\"against\"><thead><tr>";
  for (const auto& [key, value] : rows.front().items())
    html += fmt::format("<th scope=\"col\">{}</th>", html_escaped(head_of(key)));
  html += "</tr></thead><tbody>\n";
  for (const Json& row : rows) {
    html += "<tr>";
    for (const auto& [key, value] : row.items())
      html += fmt::format("<td{}>{}</td>", value.is_string() ? "" : " class=\"number\"",
                          html_escaped(text_of(value)));
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string foreword(const NamedTrials& before, const NamedTrials& now, const PairedSets& paired) {
  return fmt::format(
      "<section><h2>What changed</h2>\n<p class=\"note\">Before: {}, now: {}. Trials are paired by their "
      "seed and all other settings; differences are now minus before, with the 95 % t-interval of their "
      "mean; "
      "p is that of the exact sign test, of success McNemar's. What is not finite is worse than all "
      "else.</p>\n{}{}</section>\n",
      html_escaped(before.name), html_escaped(now.name), list_html(changes(before, now, paired)),
      table_html(comparison_rows(paired)));
}

}  // namespace

NamedTrials named_trials(const StoredSweep& sweep) {
  NamedTrials named{
      sweep.folder.string(),
      {sweep.plan.trials, sweep_state(sweep.plan, sweep.journals).records, sweep.plan.axis_keys, {}}};
  for (const auto& [id, sentence] : sweep.journals.conflicts()) named.set.conflicts.insert(id);
  return named;
}

JointSweep joint_sweep(const NamedTrials& before, const NamedTrials& now, const PairedSets& paired) {
  JointSweep sweep;
  sweep.plan.axis_keys.emplace_back(folder_key);
  sweep.plan.axis_keys.insert(sweep.plan.axis_keys.end(), paired.shared.begin(), paired.shared.end());
  sweep.plan.axis_keys.emplace_back("seed");
  const TrialsById old_trials = by_id(before.set), new_trials = by_id(now.set);
  for (const PairedConfiguration& configuration : paired.configurations) {
    std::map<std::string, std::string> axes;
    for (std::size_t i = 0; i < paired.shared.size(); ++i) axes[paired.shared[i]] = configuration.values[i];
    for (std::size_t i = 0; i < configuration.pairs.size(); ++i) {
      const TrialPair& pair = configuration.pairs[i];
      axes["seed"] = std::to_string(i);
      add(sweep, now, *new_trials.at(pair.b->id), *pair.b, axes);  // first: its lines are solid
      add(sweep, before, *old_trials.at(pair.a->id), *pair.a, axes);
    }
  }
  return sweep;
}

std::string against_html(const Laboratory& laboratory, const NamedTrials& before, const NamedTrials& now) {
  const PairedSets paired = paired_sets(laboratory, before.set, now.set);
  if (paired.configurations.empty())
    throw ConfigError(fmt::format(
        "no trial of {} has one in {} that agrees in all other settings; `unroll compare {} {} --unpaired` "
        "says why of each",
        now.name, before.name, before.name, now.name));
  const JointSweep sweep = joint_sweep(before, now, paired);
  return report_html(sweep.plan, sweep.records, fmt::format("{} against {}", now.name, before.name),
                     {.foreword = foreword(before, now, paired)});
}

}  // namespace unroll
