#include <cmath>
#include <numbers>

#include "experiments/objectives/objective.hpp"
#include "framework/autodiff/ops.hpp"

namespace unroll {
namespace {

struct CrossEntropyElement {
  enum : std::size_t { nats, not_first };
};

/// The second is 0 where the class stands above all others, so that a tie or a NaN is not right.
std::vector<Var> cross_entropy_elements(Var logits, Var classes) {
  const Var score = pick(logits, classes);
  Dims beside = score.dims();
  beside.push_back(1);
  const Var as_high = sum(less_equal(reshape(score, beside), logits), -1);
  return {negative_log_likelihood(logits, classes), not_equal(as_high, as_high.tape().fill(1, {}))};
}

bool cross_entropy_right(std::span<const std::span<const float>> step, const Criterion& criterion) {
  if (criterion.probability)
    return std::exp(-static_cast<double>(step[CrossEntropyElement::nats][0])) > *criterion.probability;
  return step[CrossEntropyElement::not_first][0] == 0;
}

}  // namespace

Objective cross_entropy_objective() {
  return {.name = "cross_entropy",
          .summary = "one of several classes",
          .target = TargetKind::classes,
          .elements = cross_entropy_elements,
          .right = cross_entropy_right,
          .metrics = with_accuracies({
              {"loss", "nats per answer", Direction::lower,
               [](const Tally& t) { return t.mean(CrossEntropyElement::nats); }},
              {"bits", "bits per answer", Direction::lower,
               [](const Tally& t) { return t.mean(CrossEntropyElement::nats) / std::numbers::ln2; }},
              {"perplexity", "", Direction::lower,
               [](const Tally& t) { return std::exp(t.mean(CrossEntropyElement::nats)); }},
          })};
}

}  // namespace unroll
