#include <algorithm>
#include <numbers>

#include "experiments/objectives/objective.hpp"
#include "framework/autodiff/ops.hpp"

namespace unroll {
namespace {

struct NextSymbolElement {
  enum : std::size_t { error, out_of_place };
};

/// As 0 or 1.
Var is_possible(Var targets) { return greater(targets, targets.tape().fill(0.5, {})); }
Var does_come(Var targets) { return greater(targets, targets.tape().fill(1.5, {})); }

/// 0 for every output where the possible ones stand above all impossible ones; a tie or a NaN leaves an
/// output out of place.
Var places(Var outputs, Var targets) {
  constexpr double far = 1e30;  // above and below all outputs
  Tape& tape = outputs.tape();
  const Var yes = is_possible(targets), high = tape.fill(far, {}), low = tape.fill(-far, {});
  const Var lowest_possible = -max(where(yes, -outputs, low), -1, true);
  const Var highest_impossible = max(where(yes, low, outputs), -1, true);
  const Var stands = where(yes, greater(outputs, highest_impossible), less(outputs, lowest_possible));
  return 1.0 - stands * less(abs(outputs), high);
}

/// The same nats at every output, whose mean they are then.
std::vector<Var> softmax_elements(Var logits, Var targets) {
  const Var nats = -sum(does_come(targets) * log_softmax(logits), -1, true);
  return {broadcast_to(nats, targets.dims()), places(logits, targets)};
}

std::vector<Var> logistic_elements(Var logits, Var targets) {
  return {square(sigmoid(logits) - does_come(targets)), places(logits, targets)};
}

bool next_symbol_right(std::span<const std::span<const float>> step, const Criterion&) {
  return std::ranges::all_of(step[NextSymbolElement::out_of_place], [](float x) { return x == 0; });
}

}  // namespace

Objective next_symbol_objective() {
  return {.name = "next_symbol",
          .summary = "the symbol that comes next, judged by all that might",
          .target = TargetKind::numbers,
          .elements = softmax_elements,
          .right = next_symbol_right,
          .metrics = with_accuracies({
              {"loss", "nats per symbol", Direction::lower,
               [](const Tally& t) { return t.mean(NextSymbolElement::error); }},
              {"bits", "bits per symbol", Direction::lower,
               [](const Tally& t) { return t.mean(NextSymbolElement::error) / std::numbers::ln2; }},
          })};
}

Objective logistic_next_symbol_objective() {
  return {.name = "logistic_next_symbol",
          .summary = "the same, as squared errors of logistic outputs",
          .target = TargetKind::numbers,
          .elements = logistic_elements,
          .right = next_symbol_right,
          .metrics = with_accuracies({
              {"loss", "mean squared error", Direction::lower,
               [](const Tally& t) { return t.mean(NextSymbolElement::error); }},
          })};
}

}  // namespace unroll
