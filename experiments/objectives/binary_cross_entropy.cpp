#include <algorithm>
#include <numbers>

#include "experiments/objectives/objective.hpp"
#include "framework/autodiff/ops.hpp"

namespace unroll {
namespace {

struct BinaryCrossEntropyElement {
  enum : std::size_t { nats, wrong };
};

/// The second is 0 where the likelier answer is the target's: a logit of 0 or NaN is no answer.
std::vector<Var> binary_cross_entropy_elements(Var logits, Var targets) {
  Tape& tape = logits.tape();
  const Var zero = tape.fill(0, {}), half = tape.fill(0.5, {});
  const Var yes = greater(logits, zero) * greater(targets, half);
  const Var no = less(logits, zero) * less(targets, half);
  return {binary_negative_log_likelihood(logits, targets), 1.0 - yes - no};
}

bool binary_cross_entropy_right(std::span<const std::span<const float>> step, const Criterion&) {
  return std::ranges::all_of(step[BinaryCrossEntropyElement::wrong], [](float x) { return x == 0; });
}

}  // namespace

Objective binary_cross_entropy_objective() {
  return {.name = "binary_cross_entropy",
          .summary = "yes or no, for each output by itself",
          .target = TargetKind::numbers,
          .elements = binary_cross_entropy_elements,
          .right = binary_cross_entropy_right,
          .metrics = with_accuracies({
              {"loss", "nats per output", Direction::lower,
               [](const Tally& t) { return t.mean(BinaryCrossEntropyElement::nats); }},
              {"nats_per_step", "nats of all outputs together", Direction::lower,
               [](const Tally& t) { return t.sum_over_outputs(BinaryCrossEntropyElement::nats); }},
              {"bits", "bits per output", Direction::lower,
               [](const Tally& t) { return t.mean(BinaryCrossEntropyElement::nats) / std::numbers::ln2; }},
              {"output_error_rate", "share of outputs", Direction::lower,
               [](const Tally& t) { return t.mean(BinaryCrossEntropyElement::wrong); }},
          }),
          .probabilities = true};
}

}  // namespace unroll
