#include "experiments/report/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "experiments/report/statistics.hpp"
#include "framework/tensor/limits.hpp"

namespace unroll {
namespace {

/// What a metric says of one pair. Better is lower; values that are not finite are worse than all others.
struct Outcome {
  double a, b;  ///< as they are compared: infinite where a value is not finite
  /// B - A; none where both are infinite.
  std::optional<double> difference() const {
    return std::isfinite(a) || std::isfinite(b) ? std::optional(b - a) : std::nullopt;
  }
};

struct Metric {
  std::string name;
  bool lower_is_better;
  std::function<std::optional<Outcome>(const TrialPair&)> outcome;  ///< none: nothing is known
};

const Scalar* scalar_of(const TrialRecord& run, const std::string& name) {
  const auto found = std::ranges::find(run.scalars, name, &Scalar::name);
  return found == run.scalars.end() ? nullptr : &*found;
}

Metric scalar_metric(const std::string& name, bool lower) {
  const double worst = lower ? kInf : -kInf;
  const auto compared = [=](double value) { return std::isfinite(value) ? value : worst; };
  return {name, lower, [=](const TrialPair& pair) -> std::optional<Outcome> {
            const Scalar* a = scalar_of(*pair.a, name);
            const Scalar* b = scalar_of(*pair.b, name);
            if (!a || !b || !(a->descriptor == b->descriptor)) return std::nullopt;
            return Outcome{compared(a->value), compared(b->value)};
          }};
}

/// One that ended by itself or diverged never gets there; of one that had no time for it nothing is known
/// beyond that time.
double latest_known(const TrialRecord& run) {
  return run.status == TrialStatus::diverged ? kInf : static_cast<double>(run.updates);
}

std::optional<Outcome> updates_to_success(const TrialPair& pair) {
  if (pair.a->success_rule != pair.b->success_rule) return std::nullopt;
  const auto updates = [](const TrialRecord& run) {
    return run.solved_at ? static_cast<double>(*run.solved_at) : kInf;
  };
  const Outcome outcome{updates(*pair.a), updates(*pair.b)};
  const bool b_is_open = std::isinf(outcome.b) && latest_known(*pair.b) < outcome.a;
  const bool a_is_open = std::isinf(outcome.a) && latest_known(*pair.a) < outcome.b;
  const bool one_solved = std::isfinite(outcome.a) != std::isfinite(outcome.b);
  if (one_solved && (a_is_open || b_is_open)) return std::nullopt;
  return outcome;
}

std::optional<Outcome> success(const TrialPair& pair) {
  if (pair.a->success_rule != pair.b->success_rule) return std::nullopt;
  return Outcome{double(pair.a->success), double(pair.b->success)};
}

bool is_compared(const std::string& name) { return name == "best_loss" || name.starts_with("test_"); }

/// What both of some pair have of these.
std::vector<Metric> scalar_metrics(const std::vector<TrialPair>& pairs) {
  std::vector<Metric> metrics;
  const auto take = [&](const Scalar& scalar) {
    if (is_compared(scalar.name) && std::ranges::find(metrics, scalar.name, &Metric::name) == metrics.end())
      metrics.push_back(scalar_metric(scalar.name, scalar.descriptor.direction != "higher"));
  };
  for (const TrialPair& pair : pairs)
    for (const Scalar& scalar : pair.a->scalars)
      if (scalar_of(*pair.b, scalar.name)) take(scalar);
  return metrics;
}

std::vector<Metric> metrics_of(const std::vector<TrialPair>& pairs) {
  std::vector<Metric> metrics = scalar_metrics(pairs);
  metrics.push_back({"solved_at", true, updates_to_success});
  metrics.push_back({"success", false, success});
  return metrics;
}

double median_of(std::vector<double> values) {
  std::ranges::sort(values);
  return quantile(values, 0.5);
}

void count(const Metric& metric, const Outcome& outcome, ComparedFigure& figure) {
  ++figure.pairs;
  if (outcome.a == outcome.b)
    ++figure.ties;
  else
    ++((outcome.b < outcome.a) == metric.lower_is_better ? figure.b_better : figure.a_better);
}

void add_differences(const std::vector<Outcome>& outcomes, ComparedFigure& figure) {
  std::vector<double> a, b, differences;
  for (const Outcome& outcome : outcomes) {
    a.push_back(outcome.a);
    b.push_back(outcome.b);
    if (const auto difference = outcome.difference()) differences.push_back(*difference);
  }
  const bool counted = figure.metric == "success";
  figure.a = counted ? double(std::ranges::count(a, 1.0)) : median_of(a);
  figure.b = counted ? double(std::ranges::count(b, 1.0)) : median_of(b);
  figure.difference = paired_difference(differences);
  if (figure.difference->finite < figure.pairs) return;  // an infinite one has no size to go on from
  const auto needed = pairs_needed(figure.difference->mean, figure.difference->deviation);
  if (needed) figure.more_seeds = *needed > figure.pairs ? *needed - figure.pairs : 0;
}

/// None where nothing of it is known of any pair.
std::optional<ComparedFigure> figure_of(const Metric& metric, const std::vector<TrialPair>& pairs,
                                        bool with_differences) {
  ComparedFigure figure{.metric = metric.name, .a = {}, .b = {}, .difference = {}, .more_seeds = {}};
  std::vector<Outcome> outcomes;
  for (const TrialPair& pair : pairs) {
    const std::optional<Outcome> outcome = metric.outcome(pair);
    if (!outcome) continue;
    outcomes.push_back(*outcome);
    count(metric, *outcome, figure);
  }
  if (outcomes.empty()) return std::nullopt;
  figure.p = sign_test(figure.a_better, figure.b_better);
  if (with_differences) add_differences(outcomes, figure);
  return figure;
}

std::vector<ComparedFigure> figures_of(const std::vector<TrialPair>& pairs, bool with_differences) {
  std::vector<ComparedFigure> figures;
  for (const Metric& metric : metrics_of(pairs))
    if (auto figure = figure_of(metric, pairs, with_differences)) figures.push_back(std::move(*figure));
  return figures;
}

std::string meaning_of(const FigureDescriptor& descriptor) {
  return fmt::format("{}{}", descriptor.unit.empty() ? "a number" : descriptor.unit,
                     descriptor.direction.empty() ? "" : fmt::format(", {} is better", descriptor.direction));
}

std::vector<std::string> objections(const TrialPair& pair) {
  std::vector<std::string> sentences;
  for (const Scalar& a : pair.a->scalars) {
    const Scalar* b = scalar_of(*pair.b, a.name);
    if (is_compared(a.name) && b && !(a.descriptor == b->descriptor))
      sentences.push_back(fmt::format("{} is not compared: in A it is {}, in B {}", a.name,
                                      meaning_of(a.descriptor), meaning_of(b->descriptor)));
  }
  if (pair.a->success_rule != pair.b->success_rule)
    sentences.push_back(fmt::format("success is not compared: in A it is \"{}\", in B \"{}\"",
                                    pair.a->success_rule, pair.b->success_rule));
  return sentences;
}

}  // namespace

std::vector<std::string> left_out(const PairedSets& sets) {
  std::vector<std::string> all;
  for (const PairedConfiguration& configuration : sets.configurations)
    for (const TrialPair& pair : configuration.pairs)
      for (std::string& sentence : objections(pair))
        if (std::ranges::find(all, sentence) == all.end()) all.push_back(std::move(sentence));
  return all;
}

std::vector<ComparedFigure> compared_figures(const std::vector<TrialPair>& pairs) {
  return figures_of(pairs, true);
}

std::vector<ComparedFigure> compared_signs(const PairedSets& sets) {
  std::vector<TrialPair> pairs;
  for (const PairedConfiguration& configuration : sets.configurations)
    pairs.insert(pairs.end(), configuration.pairs.begin(), configuration.pairs.end());
  return figures_of(pairs, false);
}

}  // namespace unroll
