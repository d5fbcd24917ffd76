#include "experiments/studies/published_values.hpp"

#include "experiments/sweep/trial_axes.hpp"

namespace unroll {
namespace {

/// A place that was reached has an x and a y; of all other uses of a series the number is a value.
PublishedValue placed(const Measure& measure, double number) {
  PublishedValue value{.of = measure.series.empty() ? measure.scalar : measure.series,
                       .moment = measure.moment,
                       .text = "",
                       .ids = {}};
  value.y = number;
  if (measure.series.empty()) return value;
  if (measure.use == SeriesUse::first_below || measure.use == SeriesUse::first_above) {
    value.x = number;
    value.y = measure.argument;
  } else if (measure.use == SeriesUse::at) {
    value.x = measure.argument;
  }
  return value;
}

std::vector<std::string> ids_of(const Laboratory& laboratory, const std::optional<Where>& where,
                                const SweepPlan& plan) {
  std::vector<std::string> ids;
  for (const Trial& trial : plan.trials)
    if (!where ||
        where->holds([&](const Option& option) { return value_in(laboratory, trial.config, option); }))
      ids.push_back(trial.id);
  return ids;
}

}  // namespace

std::vector<PublishedValue> published_values(const Laboratory& laboratory, const Study& study,
                                             const StudyPart& part, const SweepPlan& plan) {
  std::vector<PublishedValue> values;
  for (const Expectation& expectation : study.expectations) {
    if (!expectation.published || expectation.part != part.name) continue;
    PublishedValue value = placed(expectation.measure, *expectation.published);
    value.text = expectation.paper;
    value.ids = ids_of(laboratory, expectation.where, plan);
    values.push_back(std::move(value));
  }
  return values;
}

}  // namespace unroll
