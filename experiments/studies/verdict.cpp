#include "experiments/studies/verdict.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>

#include "experiments/config/config_error.hpp"
#include "experiments/config/text.hpp"
#include "experiments/report/axes.hpp"
#include "experiments/report/paired.hpp"
#include "experiments/studies/measure.hpp"
#include "experiments/sweep/trial_axes.hpp"

namespace unroll {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr const char* seed_key = "seed";

using Group = std::vector<std::size_t>;  ///< indices of trials in the plan
using Point = std::map<std::string, std::string>;

bool is_chosen(const Laboratory& laboratory, const std::optional<Where>& where, const Trial& trial) {
  return !where ||
         where->holds([&](const Option& option) { return value_in(laboratory, trial.config, option); });
}

Group chosen(const Laboratory& laboratory, const std::optional<Where>& where, const SweepPlan& plan) {
  Group group;
  for (std::size_t i = 0; i < plan.trials.size(); ++i)
    if (is_chosen(laboratory, where, plan.trials[i])) group.push_back(i);
  return group;
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

[[noreturn]] void refuse(const Expectation& expectation, const std::string& what) {
  throw ConfigError(fmt::format("{}: [[expect]] \"{}\": {}", expectation.origin, expectation.says, what));
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

struct Pair {
  std::size_t a, b;
};

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

double statistic_over(Statistic statistic, const std::vector<double>& values) {
  if (values.empty()) return kNaN;
  std::vector<double> sorted = values;
  std::ranges::sort(sorted);
  switch (statistic) {
    case Statistic::median:
      return quantile(sorted, 0.5);
    case Statistic::mean:
      return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
    case Statistic::min:
      return sorted.front();
    case Statistic::max:
      return sorted.back();
  }
  throw std::logic_error("a statistic that is not handled");
}

std::string_view name_of(Statistic statistic) {
  switch (statistic) {
    case Statistic::median:
      return "median";
    case Statistic::mean:
      return "mean";
    case Statistic::min:
      return "lowest";
    case Statistic::max:
      return "highest";
  }
  throw std::logic_error("a statistic that is not handled");
}

bool is_within(const Expectation& expectation, double value) {
  if (std::isnan(value)) return false;
  return (!expectation.at_least || value >= *expectation.at_least) &&
         (!expectation.at_most || value <= *expectation.at_most);
}

std::string spread_text(const std::vector<double>& values) {
  return fmt::format("{} to {}, n = {}", short_number(*std::ranges::min_element(values)),
                     short_number(*std::ranges::max_element(values)), values.size());
}

void judge_values(const Expectation& expectation, Judgement& judgement) {
  std::string over;
  if (expectation.share) {
    const auto good =
        std::ranges::count_if(judgement.values, [&](double v) { return is_within(expectation, v); });
    judgement.value = static_cast<double>(good) / static_cast<double>(judgement.values.size());
    // A share of two thirds of three seeds is met by two, however 2/3 is rounded.
    judgement.verdict = judgement.value + 1e-9 >= *expectation.share ? Verdict::met : Verdict::not_met;
    judgement.ours =
        fmt::format("{} of {} ({})", good, judgement.values.size(), spread_text(judgement.values));
    return;
  }
  judgement.value = statistic_over(expectation.statistic, judgement.values);
  judgement.verdict = is_within(expectation, judgement.value) ? Verdict::met : Verdict::not_met;
  judgement.ours = fmt::format("{} {} ({})", name_of(expectation.statistic), short_number(judgement.value),
                               spread_text(judgement.values));
}

/// The statistic at each value of the axis, and how both go together.
void judge_trend(const Expectation& expectation, const SweepPlan& plan, const Group& group,
                 Judgement& judgement) {
  std::map<double, std::vector<double>> by_value;
  for (std::size_t k = 0; k < group.size(); ++k) {
    double at = 0;
    const std::string& text = plan.trials[group[k]].axes.at(expectation.trend);
    if (!parse_number(text, at))
      refuse(expectation,
             fmt::format("expected an axis of numbers as trend, found {} = {}", expectation.trend, text));
    by_value[at].push_back(judgement.values[k]);
  }
  std::vector<double> x, y;
  std::vector<std::string> shown;
  for (const auto& [at, values] : by_value) {
    x.push_back(at);
    y.push_back(statistic_over(expectation.statistic, values));
    shown.push_back(fmt::format("{} at {}", short_number(y.back()), exact_number(at)));
  }
  judgement.value = rank_correlation(x, y);
  judgement.verdict = is_within(expectation, judgement.value) ? Verdict::met : Verdict::not_met;
  judgement.ours = fmt::format("rank correlation {} ({} {})", short_number(judgement.value),
                               name_of(expectation.statistic), joined(shown, ", "));
}

/// How many of a group have no result.
std::string missing_text(const Group& group, const std::vector<const TrialRecord*>& runs) {
  std::size_t missing = 0, failed = 0;
  for (const std::size_t i : group) {
    if (!runs[i])
      ++missing;
    else if (runs[i]->status == TrialStatus::failed)
      ++failed;
  }
  if (missing + failed == 0) return "";
  return fmt::format("{} of {} trials missing, {} failed", missing, group.size(), failed);
}

double contrast_of(Contrast contrast, double a, double b) {
  return contrast == Contrast::ratio ? a / b : (a == b ? 0 : a - b);
}

std::vector<double> ranks_of(std::span<const double> values) {
  std::vector<double> ranks;
  for (const double value : values) {
    const auto below = std::ranges::count_if(values, [&](double v) { return v < value; });
    const auto equal = std::ranges::count(values, value);
    ranks.push_back(static_cast<double>(below) + static_cast<double>(equal + 1) / 2);
  }
  return ranks;
}

}  // namespace

std::string_view verdict_name(Verdict verdict) {
  return verdict == Verdict::met ? "met" : verdict == Verdict::not_met ? "NOT MET" : "missing";
}

double rank_correlation(std::span<const double> x, std::span<const double> y) {
  if (x.size() < 3) return kNaN;
  const std::vector<double> a = ranks_of(x), b = ranks_of(y);
  const double mean = static_cast<double>(x.size() + 1) / 2;
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    ab += (a[i] - mean) * (b[i] - mean);
    aa += (a[i] - mean) * (a[i] - mean);
    bb += (b[i] - mean) * (b[i] - mean);
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : kNaN;
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

Judgement judge(const Laboratory& laboratory, const Expectation& expectation, const PartResult& part) {
  const SweepPlan& plan = *part.plan;
  Judgement judgement{.says = expectation.says,
                      .part = expectation.part,
                      .paper = expectation.paper,
                      .band = expectation.band(),
                      .measure = expectation.measure.text(),
                      .values = {},
                      .value = kNaN,
                      .ours = "–",
                      .verdict = Verdict::missing,
                      .note = ""};
  const std::vector<const TrialRecord*> runs = runs_of(plan, *part.records);
  const Group group = chosen(laboratory, expectation.where, plan);
  Group all = group, other;
  if (expectation.against) {
    other = chosen(laboratory, expectation.against, plan);
    all.insert(all.end(), other.begin(), other.end());
  }
  if (judgement.note = missing_text(all, runs); !judgement.note.empty()) return judgement;
  const auto value_of = [&](std::size_t i) {
    try {
      return measured(expectation.measure, *runs[i]);
    } catch (const std::out_of_range& error) {
      refuse(expectation, error.what());
    }
  };
  if (expectation.against)
    for (const auto& [a, b] : pairs_of(expectation, plan, group, other))
      judgement.values.push_back(contrast_of(expectation.contrast, value_of(a), value_of(b)));
  else
    for (const std::size_t i : group) judgement.values.push_back(value_of(i));
  if (expectation.trend.empty())
    judge_values(expectation, judgement);
  else
    judge_trend(expectation, plan, group, judgement);
  if (expectation.contrast == Contrast::difference) {
    const auto up =
        static_cast<std::size_t>(std::ranges::count_if(judgement.values, [](double d) { return d > 0; }));
    const auto down =
        static_cast<std::size_t>(std::ranges::count_if(judgement.values, [](double d) { return d < 0; }));
    judgement.note = fmt::format("sign test p = {}", short_number(sign_test(up, down)));
  }
  return judgement;
}

}  // namespace unroll
