#include <algorithm>
#include <cmath>

#include "experiments/objectives/objective.hpp"
#include "framework/autodiff/ops.hpp"

namespace unroll {
namespace {

struct MseElement {
  enum : std::size_t { squared, absolute, target, squared_target };
};

std::vector<Var> mse_elements(Var outputs, Var targets) {
  const Var error = outputs - targets;
  return {square(error), abs(error), targets, square(targets)};
}

bool mse_right(std::span<const std::span<const float>> step, const Criterion& criterion) {
  return is_within_tolerance(step[MseElement::absolute], criterion);
}

/// Each output's errors over the variance of its own targets: a unit does not matter.
double nrmse(const Tally& tally) {
  double sum = 0;
  for (std::size_t o = 0; o < tally.units.size(); ++o) {
    const double mean = tally.sums[MseElement::target][o] / tally.weight;
    const double variance = tally.sums[MseElement::squared_target][o] / tally.weight - mean * mean;
    sum += tally.sums[MseElement::squared][o] / tally.weight / std::max(variance, 0.0);
  }
  return std::sqrt(sum / tally.outputs());
}

}  // namespace

Objective mse_objective() {
  return {.name = "mse",
          .summary = "mean squared error of numbers",
          .target = TargetKind::numbers,
          .elements = mse_elements,
          .right = mse_right,
          .metrics = with_accuracies(
              {
                  {"loss", "mean squared error", Direction::lower,
                   [](const Tally& t) { return t.mean(MseElement::squared); }},
                  {"rmse", "unit of the data", Direction::lower,
                   [](const Tally& t) { return std::sqrt(t.mean_in_units(MseElement::squared, 2)); }},
                  {"nrmse", "standard deviations of the target", Direction::lower, nrmse},
                  {"mae", "unit of the data", Direction::lower,
                   [](const Tally& t) { return t.mean_in_units(MseElement::absolute); }},
              },
              has_tolerance)};
}

}  // namespace unroll
