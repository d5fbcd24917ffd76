#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

#include "experiments/objectives/frame_cross_entropy.hpp"
#include "experiments/objectives/objective.hpp"
#include "models/nearest.hpp"

namespace unroll {

const ObjectiveList& standard_objectives() {
  static const ObjectiveList list = {mse_objective(),
                                     cross_entropy_objective(),
                                     binary_cross_entropy_objective(),
                                     logistic_mse_objective(),
                                     frame_cross_entropy_objective(),
                                     gaussian_objective(),
                                     quantile_objective(standard_levels()),
                                     ctc_objective()};
  return list;
}

const Objective& find_objective(const ObjectiveList& list, std::string_view name) {
  const auto found = std::ranges::find(list, name, &Objective::name);
  if (found != list.end()) return *found;
  std::vector<std::string> names;
  for (const Objective& one : list) names.push_back(one.name);
  throw std::invalid_argument(fmt::format("unknown objective \"{}\"{}; known are {}", printable(name),
                                          did_you_mean(name, names), fmt::join(names, ", ")));
}

std::vector<Metric> with_accuracies(std::vector<Metric> metrics, bool (*judged)(const Criterion&)) {
  const auto whole = [](const Criterion& criterion) { return criterion.sequences; };
  metrics.push_back({"error_rate", "share of answers", Direction::lower,
                     [](const Tally& t) { return t.error_rate(); }, judged});
  metrics.push_back({"accuracy", "share of answers", Direction::higher,
                     [](const Tally& t) { return 1 - t.error_rate(); }, judged, true});
  metrics.push_back({"scaled_accuracy", "0 by chance, 1 if all are right", Direction::higher,
                     [](const Tally& t) { return (1 - t.error_rate() - t.chance) / (1 - t.chance); },
                     [](const Criterion& criterion) { return criterion.chance.has_value(); }});
  metrics.push_back({"sequence_error_rate", "share of sequences", Direction::lower,
                     [](const Tally& t) { return t.sequence_error_rate(); }, whole});
  metrics.push_back({"sequence_accuracy", "share of sequences", Direction::higher,
                     [](const Tally& t) { return 1 - t.sequence_error_rate(); }, whole});
  return metrics;
}

std::vector<const Metric*> metrics_of(const Objective& objective, const Criterion& criterion) {
  std::vector<const Metric*> all;
  for (const Metric& metric : objective.metrics)
    if (!metric.defined || metric.defined(criterion)) all.push_back(&metric);
  return all;
}

MetricValues values_of(const Objective& objective, const Criterion& criterion, const Tally& tally) {
  MetricValues values;
  for (const Metric* metric : metrics_of(objective, criterion)) values[metric->name] = metric->value(tally);
  return values;
}

}  // namespace unroll
