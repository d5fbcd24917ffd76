#include "experiments/report/axes.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <unordered_map>

#include "experiments/config/text.hpp"
#include "experiments/report/short_names.hpp"

namespace unroll {
namespace {

constexpr std::string_view kSeed = "seed";
constexpr std::string_view kLength = "task.length";

using AxisPoint = std::vector<std::string>;

AxisPoint point_of(const Trial& trial, const std::vector<std::string>& keys) {
  AxisPoint values;
  for (const std::string& key : keys) values.push_back(axis_value(trial, key));
  return values;
}

bool vary_together(const SweepPlan& plan, const std::string& a, const std::string& b) {
  std::set<std::string> of_a, of_b;
  std::set<std::pair<std::string, std::string>> pairs;
  for (const Trial& trial : plan.trials) {
    of_a.insert(axis_value(trial, a));
    of_b.insert(axis_value(trial, b));
    pairs.emplace(axis_value(trial, a), axis_value(trial, b));
  }
  return pairs.size() < of_a.size() * of_b.size();
}

/// The keys but the seed, those that vary together (directly or through a third one) in one group.
std::vector<std::vector<std::string>> grouped_keys(const SweepPlan& plan) {
  std::vector<std::vector<std::string>> groups;
  for (const std::string& key : plan.axis_keys) {
    if (key == kSeed) continue;
    std::vector<std::string> joint;
    std::vector<std::vector<std::string>> apart;
    for (std::vector<std::string>& group : groups) {
      const bool tied = std::any_of(group.begin(), group.end(), [&](const std::string& other) {
        return vary_together(plan, other, key);
      });
      if (tied)
        joint.insert(joint.end(), group.begin(), group.end());
      else
        apart.push_back(std::move(group));
    }
    joint.push_back(key);
    apart.push_back(std::move(joint));
    groups = std::move(apart);
  }
  return groups;
}

std::string short_key(const std::string& key) {
  const std::size_t dot = key.rfind('.');
  return dot == std::string::npos ? key : key.substr(dot + 1);
}

/// "activation, init"; with their tables where two keys of the sweep end alike.
std::string name_of(const SweepPlan& plan, const std::vector<std::string>& keys) {
  std::vector<std::string> names;
  for (const std::string& key : keys) {
    const auto alike =
        std::count_if(plan.axis_keys.begin(), plan.axis_keys.end(),
                      [&](const std::string& other) { return short_key(other) == short_key(key); });
    names.push_back(alike > 1 ? key : short_key(key));
  }
  return joined(names, ", ");
}

/// Nothing unless every label is a number.
std::vector<double> numbers_of(const std::vector<AxisPoint>& points) {
  std::vector<double> numbers;
  for (const AxisPoint& point : points) {
    double number = 0;
    if (point.size() != 1 || !parse_number(point.front(), number)) return {};
    numbers.push_back(number);
  }
  return numbers;
}

void sort_if_numeric(std::vector<AxisPoint>& points) {
  if (numbers_of(points).empty()) return;
  std::stable_sort(points.begin(), points.end(), [](const AxisPoint& a, const AxisPoint& b) {
    return numbers_of({a}).front() < numbers_of({b}).front();
  });
}

/// Key by key, each value as short as it can be among those of its key.
std::vector<std::string> labels_of(const std::vector<AxisPoint>& points) {
  if (points.empty()) return {};
  std::vector<AxisPoint> names(points.size());
  for (std::size_t key = 0; key < points.front().size(); ++key) {
    std::vector<std::string> values;
    for (const AxisPoint& point : points) values.push_back(point[key]);
    const std::vector<std::string> short_values = short_names(values);
    for (std::size_t i = 0; i < points.size(); ++i) names[i].push_back(short_values[i]);
  }
  std::vector<std::string> labels;
  for (const AxisPoint& name : names) labels.push_back(joined(name, ", "));
  return labels;
}

SweepAxis axis_of(const SweepPlan& plan, std::vector<std::string> keys) {
  SweepAxis axis;
  axis.name = name_of(plan, keys);
  axis.keys = std::move(keys);
  std::set<AxisPoint> seen;
  for (const Trial& trial : plan.trials) {
    AxisPoint point = point_of(trial, axis.keys);
    if (seen.insert(point).second) axis.points.push_back(std::move(point));
  }
  sort_if_numeric(axis.points);
  axis.numbers = numbers_of(axis.points);
  axis.labels = labels_of(axis.points);
  return axis;
}

int reading_order(const SweepAxis& axis) {
  if (axis.numbers.empty()) return 0;
  return axis.keys.front() == kLength ? 1 : 2;
}

}  // namespace

std::string axis_value(const Trial& trial, const std::string& key) {
  const auto found = trial.axes.find(key);
  return found == trial.axes.end() ? absent_value : found->second;
}

std::vector<SweepAxis> sweep_axes(const SweepPlan& plan) {
  std::vector<SweepAxis> axes;
  for (std::vector<std::string>& keys : grouped_keys(plan)) axes.push_back(axis_of(plan, std::move(keys)));
  std::stable_sort(axes.begin(), axes.end(), [](const SweepAxis& a, const SweepAxis& b) {
    return reading_order(a) < reading_order(b);
  });
  return axes;
}

std::vector<const TrialRecord*> runs_of(const SweepPlan& plan, const std::vector<TrialRecord>& records) {
  std::unordered_map<std::string, const TrialRecord*> by_id;
  for (const TrialRecord& record : records) by_id.emplace(record.id, &record);
  std::vector<const TrialRecord*> runs;
  for (const Trial& trial : plan.trials) {
    const auto found = by_id.find(trial.id);
    runs.push_back(found == by_id.end() ? nullptr : found->second);
  }
  return runs;
}

std::vector<std::string> cell_labels(const std::vector<SweepAxis>& axes, const SweepCell& cell) {
  std::vector<std::string> labels;
  for (std::size_t a = 0; a < axes.size(); ++a) labels.push_back(axes[a].labels[cell.at[a]]);
  return labels;
}

std::vector<SweepCell> sweep_cells(const SweepPlan& plan, const std::vector<SweepAxis>& axes,
                                   const std::vector<TrialRecord>& records) {
  const std::vector<const TrialRecord*> runs = runs_of(plan, records);
  std::vector<std::map<AxisPoint, std::size_t>> index(axes.size());
  for (std::size_t a = 0; a < axes.size(); ++a)
    for (std::size_t v = 0; v < axes[a].points.size(); ++v) index[a][axes[a].points[v]] = v;

  std::map<std::vector<std::size_t>, SweepCell> cells;
  for (std::size_t t = 0; t < plan.trials.size(); ++t) {
    std::vector<std::size_t> at;
    for (std::size_t a = 0; a < axes.size(); ++a)
      at.push_back(index[a].at(point_of(plan.trials[t], axes[a].keys)));
    SweepCell& cell = cells[at];
    cell.at = at;
    cell.trials.push_back(&plan.trials[t]);
    cell.runs.push_back(runs[t]);
  }
  std::vector<SweepCell> out;
  for (auto& [at, cell] : cells) out.push_back(std::move(cell));
  return out;
}

}  // namespace unroll
