#include "experiments/studies/groups.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "experiments/config/config_error.hpp"
#include "experiments/config/text.hpp"
#include "experiments/sweep/trial_axes.hpp"

namespace unroll {
namespace {

constexpr const char* seed_key = "seed";

using Point = std::map<std::string, std::string>;

bool is_chosen(const Laboratory& laboratory, const std::optional<Where>& where, const Trial& trial) {
  return !where ||
         where->holds([&](const Option& option) { return value_in(laboratory, trial.config, option); });
}

/// The axes of a trial without some of them.
Point without(Point axes, const std::set<std::string>& keys) {
  for (const std::string& key : keys) axes.erase(key);
  return axes;
}

std::string text_of(const Point& point) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : point) parts.push_back(key + " = " + value);
  return parts.empty() ? "all" : joined(parts, ", ");
}

std::set<std::string> mixed_axes(const Expectation& expectation) {
  std::set<std::string> keys(expectation.over.begin(), expectation.over.end());
  keys.insert(seed_key);
  if (!expectation.trend.empty()) keys.insert(expectation.trend);
  return keys;
}

void check_axis(const Expectation& expectation, const SweepPlan& plan, const std::string& key) {
  if (std::ranges::find(plan.axis_keys, key) == plan.axis_keys.end())
    refuse(expectation, fmt::format("expected an axis of the part {}, found \"{}\"; its axes are {}",
                                    expectation.part, key, fmt::join(plan.axis_keys, ", ")));
}

void check_group(const Laboratory& laboratory, const Expectation& expectation, const SweepPlan& plan,
                 const std::optional<Where>& where) {
  const Group group = chosen(laboratory, where, plan);
  if (group.empty())
    refuse(expectation, fmt::format("no trial of the part {} has {}", expectation.part,
                                    where ? where->text() : "anything"));
  const std::set<std::string> mixed = mixed_axes(expectation);
  std::set<Point> points;
  for (const std::size_t i : group) points.insert(without(plan.trials[i].axes, mixed));
  if (points.size() == 1) return;
  refuse(expectation,
         fmt::format("statistics never mix what differs: expected trials that differ in {}, found {} "
                     "configurations, such as ({}) and ({}); say where, or name the axes in over = [...]",
                     fmt::join(mixed, ", "), points.size(), text_of(*points.begin()),
                     text_of(*std::next(points.begin()))));
}

/// The keys in which the trials of two groups differ, each group having one value.
std::set<std::string> contrasted_keys(const SweepPlan& plan, const Group& a, const Group& b,
                                      const std::set<std::string>& mixed) {
  std::set<std::string> keys;
  const Point one = without(plan.trials[a.front()].axes, mixed),
              other = without(plan.trials[b.front()].axes, mixed);
  for (const auto& [key, value] : one)
    if (!other.contains(key) || other.at(key) != value) keys.insert(key);
  for (const auto& [key, value] : other)
    if (!one.contains(key)) keys.insert(key);
  return keys;
}

}  // namespace

Group chosen(const Laboratory& laboratory, const std::optional<Where>& where, const SweepPlan& plan) {
  Group group;
  for (std::size_t i = 0; i < plan.trials.size(); ++i)
    if (is_chosen(laboratory, where, plan.trials[i])) group.push_back(i);
  return group;
}

std::vector<Pair> pairs_of(const Expectation& expectation, const SweepPlan& plan, const Group& a,
                           const Group& b) {
  const std::set<std::string> differs = contrasted_keys(plan, a, b, mixed_axes(expectation));
  std::map<Point, std::size_t> partners;
  for (const std::size_t i : b) partners[without(plan.trials[i].axes, differs)] = i;
  std::vector<Pair> pairs;
  for (const std::size_t i : a) {
    const auto partner = partners.find(without(plan.trials[i].axes, differs));
    if (partner == partners.end() || a.size() != b.size())
      refuse(expectation,
             "expected a partner for every trial of a contrast, with the same seed, found one "
             "without: both groups must have the same seeds");
    pairs.push_back({i, partner->second});
  }
  return pairs;
}

void refuse(const Expectation& expectation, const std::string& what) {
  throw ConfigError(fmt::format("{}: [[expect]] \"{}\": {}", expectation.origin, expectation.says, what));
}

void check_expectation(const Laboratory& laboratory, const Expectation& expectation, const SweepPlan& plan) {
  for (const std::string& key : expectation.over) check_axis(expectation, plan, key);
  if (!expectation.trend.empty()) check_axis(expectation, plan, expectation.trend);
  check_group(laboratory, expectation, plan, expectation.where);
  if (!expectation.against) return;
  check_group(laboratory, expectation, plan, expectation.against);
  pairs_of(expectation, plan, chosen(laboratory, expectation.where, plan),
           chosen(laboratory, expectation.against, plan));
}

}  // namespace unroll
