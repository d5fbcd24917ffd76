#include "experiments/studies/verdict.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include "experiments/config/text.hpp"
#include "experiments/report/axes.hpp"
#include "experiments/report/paired.hpp"
#include "experiments/studies/groups.hpp"
#include "experiments/studies/measure.hpp"
#include "experiments/studies/ranks.hpp"
#include "framework/tensor/limits.hpp"

namespace unroll {
namespace {

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

}  // namespace

std::string_view verdict_name(Verdict verdict) {
  return verdict == Verdict::met ? "met" : verdict == Verdict::not_met ? "NOT MET" : "missing";
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
