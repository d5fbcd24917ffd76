#include <algorithm>

#include "experiments/objectives/objective.hpp"
#include "framework/autodiff/ops.hpp"

namespace unroll {
namespace {

struct LogisticMseElement {
  enum : std::size_t { squared, absolute };
};

std::vector<Var> logistic_mse_elements(Var logits, Var targets) {
  const Var error = sigmoid(logits) - targets;
  return {square(error), abs(error)};
}

bool logistic_mse_right(std::span<const std::span<const float>> step, const Criterion& criterion) {
  return is_within_tolerance(step[LogisticMseElement::absolute], criterion);
}

}  // namespace

Objective logistic_mse_objective() {
  return {.name = "logistic_mse",
          .summary = "mean squared error of logistic outputs",
          .target = TargetKind::numbers,
          .elements = logistic_mse_elements,
          .right = logistic_mse_right,
          .metrics = with_accuracies(
              {
                  {"loss", "mean squared error", Direction::lower,
                   [](const Tally& t) { return t.mean(LogisticMseElement::squared); }},
                  {"mae", "", Direction::lower,
                   [](const Tally& t) { return t.mean(LogisticMseElement::absolute); }},
                  {"max_error", "largest error of an output", Direction::lower,
                   [](const Tally& t) { return t.largest[LogisticMseElement::absolute]; }},
              },
              has_tolerance),
          .probabilities = true};
}

}  // namespace unroll
