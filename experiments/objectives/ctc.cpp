#include "framework/autodiff/ctc.hpp"

#include <numbers>

#include "experiments/objectives/objective.hpp"
#include "framework/autodiff/ops.hpp"

namespace unroll {
namespace {

struct CtcElement {
  enum : std::size_t { nats, path };
};

std::vector<Var> label_elements(Var logits, const CtcInputs& target) {
  Tape& tape = logits.tape();
  const Var best = ctc_best_path(logits, target);
  const Var blank = tape.fill(static_cast<double>(logits.dims()[2].number() - 1), {});
  const Var none = tape.fill(static_cast<double>(no_label), {});
  return {ctc(logits, target), where(equal(best, blank), none, best)};
}

}  // namespace

Objective ctc_objective() {
  return {.name = "ctc",
          .summary = "labels in their order, whose times nobody knows",
          .target = TargetKind::labels,
          .label_elements = label_elements,
          .metrics = with_accuracies({
              {"loss", "nats per sequence", Direction::lower,
               [](const Tally& t) { return t.mean(CtcElement::nats); }},
              {"label_error_rate", "edits per label", Direction::lower,
               [](const Tally& t) { return t.label_edits / t.labels; }, nullptr, true},
          })};
}

}  // namespace unroll
