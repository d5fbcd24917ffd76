#include "experiments/objectives/frame_cross_entropy.hpp"

#include <algorithm>
#include <numbers>

#include "framework/autodiff/ops.hpp"

namespace unroll {
namespace {

struct FrameCrossEntropyElement {
  enum : std::size_t { nats, wrong, found };
};

/// Of `wrong` and `found` one value for each output: 1 where the likelier answer is not the target's, and
/// where it is and both are yes. A logit of 0 or NaN is no answer.
std::vector<Var> frame_cross_entropy_elements(Var logits, Var targets) {
  Tape& tape = logits.tape();
  const Var zero = tape.fill(0, {}), half = tape.fill(0.5, {});
  const Var yes = greater(logits, zero) * greater(targets, half);
  const Var no = less(logits, zero) * less(targets, half);
  const Var frame = sum(binary_negative_log_likelihood(logits, targets), -1, true);
  return {broadcast_to(frame, targets.dims()), 1.0 - yes - no, yes};
}

bool frame_cross_entropy_right(std::span<const std::span<const float>> step, const Criterion&) {
  return std::ranges::all_of(step[FrameCrossEntropyElement::wrong], [](float x) { return x == 0; });
}

}  // namespace

Objective frame_cross_entropy_objective() {
  return {.name = "frame_cross_entropy",
          .summary = "yes or no, for each output by itself, summed over the outputs of a step",
          .target = TargetKind::numbers,
          .elements = frame_cross_entropy_elements,
          .right = frame_cross_entropy_right,
          .metrics = with_accuracies({
              {"loss", "nats per frame", Direction::lower,
               [](const Tally& t) { return t.mean(FrameCrossEntropyElement::nats); }},
              {"bits", "bits per frame", Direction::lower,
               [](const Tally& t) { return t.mean(FrameCrossEntropyElement::nats) / std::numbers::ln2; }},
              {"output_error_rate", "share of outputs", Direction::lower,
               [](const Tally& t) { return t.mean(FrameCrossEntropyElement::wrong); }},
              {"note_accuracy", "found / (found + wrong)", Direction::higher,
               [](const Tally& t) {
                 return t.mean(FrameCrossEntropyElement::found) /
                        (t.mean(FrameCrossEntropyElement::found) + t.mean(FrameCrossEntropyElement::wrong));
               }},
          }),
          .probabilities = true};
}

}  // namespace unroll
