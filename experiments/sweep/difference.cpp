#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <span>

#include "experiments/config/text.hpp"
#include "experiments/sweep/plan.hpp"
#include "experiments/sweep/trial_axes.hpp"

namespace unroll {

namespace {

std::set<std::string> ids_of(const SweepPlan& plan) {
  std::set<std::string> ids;
  for (const Trial& trial : plan.trials) ids.insert(trial.id);
  return ids;
}

using AxisValues = std::vector<std::string>;

/// The values that an axis takes, in the order of the trials.
AxisValues values_of(std::span<const Trial> trials, const std::string& key) {
  AxisValues values;
  std::set<std::string> seen;
  for (const Trial& trial : trials) {
    const auto at = trial.axes.find(key);
    const std::string value = at == trial.axes.end() ? "not set" : at->second;
    if (seen.insert(value).second) values.push_back(value.empty() ? "\"\"" : value);
  }
  return values;
}

/// "3000" or "[1, 2]"; of many values the first ones.
std::string shown(const AxisValues& values) {
  constexpr std::size_t most = 12;
  if (values.size() == 1) return values.front();
  if (values.size() <= most) return fmt::format("[{}]", joined(values, ", "));
  return fmt::format("[{}, ...] ({} values)", joined({values.begin(), values.begin() + most}, ", "),
                     values.size());
}

bool same_set(AxisValues a, AxisValues b) {
  std::ranges::sort(a);
  std::ranges::sort(b);
  return a == b;
}

}  // namespace

std::vector<std::string> plan_difference(const Laboratory& laboratory, const SweepPlan& a, const SweepPlan& b,
                                         const std::string& name_a, const std::string& name_b) {
  if (ids_of(a) == ids_of(b)) return {};
  SweepPlan both;
  both.trials = a.trials;
  both.trials.insert(both.trials.end(), b.trials.begin(), b.trials.end());
  derive_axes(laboratory, both, {});
  const std::span<const Trial> of_a(both.trials.data(), a.trials.size());
  const std::span<const Trial> of_b(both.trials.data() + a.trials.size(), b.trials.size());
  std::vector<std::string> lines;
  for (const std::string& key : both.axis_keys) {
    const AxisValues in_a = values_of(of_a, key), in_b = values_of(of_b, key);
    if (!same_set(in_a, in_b))
      lines.push_back(fmt::format("{}: {} in {}, {} in {}", key, shown(in_a), name_a, shown(in_b), name_b));
  }
  if (lines.empty())
    lines.push_back(fmt::format("other combinations of {}: {} trials in {}, {} in {}",
                                joined(both.axis_keys, ", "), a.trials.size(), name_a, b.trials.size(),
                                name_b));
  return lines;
}

}  // namespace unroll
