#include <algorithm>

#include "experiments/objectives/objective.hpp"
#include "framework/autodiff/ops.hpp"

namespace unroll {
namespace {

enum Element : std::size_t { squared, absolute };

std::vector<Var> elements(Var logits, Var targets) {
  const Var error = sigmoid(logits) - targets;
  return {square(error), abs(error)};
}

bool right(std::span<const std::span<const float>> step, const Criterion& criterion) {
  return criterion.tolerance && std::ranges::all_of(step[absolute], [&](float error) {
           return static_cast<double>(error) < *criterion.tolerance;
         });
}

bool is_judged(const Criterion& criterion) { return criterion.tolerance.has_value(); }

}  // namespace

Objective logistic_mse_objective() {
  return {.name = "logistic_mse",
          .summary = "mean squared error of logistic outputs",
          .target = TargetKind::numbers,
          .elements = elements,
          .right = right,
          .metrics = with_accuracies(
              {
                  {"loss", "mean squared error", Direction::lower,
                   [](const Tally& t) { return t.mean(squared); }},
                  {"mae", "", Direction::lower, [](const Tally& t) { return t.mean(absolute); }},
                  {"max_error", "largest error of an output", Direction::lower,
                   [](const Tally& t) { return t.largest[absolute]; }},
              },
              is_judged),
          .probabilities = true};
}

}  // namespace unroll
