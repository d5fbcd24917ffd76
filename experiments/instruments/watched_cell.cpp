#include "experiments/instruments/watched_cell.hpp"

#include <fmt/format.h>

#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "framework/autodiff/ops/sources.hpp"

namespace unroll {
namespace {

constexpr std::array<std::pair<Unary, std::string_view>, 3> watched = {
    {{Unary::tanh, "tanh"}, {Unary::sigmoid, "sigmoid"}, {Unary::relu, "relu"}}};

bool is_one(const Tape& tape, ValueId id) {
  const FillAttrs* fill = tape.producer(id).attrs.get_if<FillAttrs>();
  return fill && fill->value == 1;
}

/// The sigmoid that a factor is, or is 1 less.
std::optional<ValueId> gate_in(const Tape& tape, ValueId factor) {
  const Node& node = tape.producer(factor);
  if (node.op->is(Unary::sigmoid)) return factor;
  const bool complement = node.op->is(Binary::sub) && is_one(tape, node.inputs[0]) &&
                          tape.producer(node.inputs[1]).op->is(Unary::sigmoid);
  return complement ? std::optional(node.inputs[1]) : std::nullopt;
}

/// One step, as it was recorded.
class RecordedStep {
 public:
  RecordedStep(const std::vector<StateSpec>& states, const StepInputs& in, std::size_t first, CellStep& step)
      : states_(states), in_(in), tape_(in.x.tape()), first_(first), step_(step) {
    // What is made of parameters alone is recorded outside of the step.
    for (const auto& [name, value] : step.values)
      if (&value.tape() == &tape_) names_.try_emplace(value.id(), name);
    for (std::size_t k = 0; k < states.size(); ++k) names_.try_emplace(step.state[k].id(), states[k].name);
  }

  void name_outputs() {
    for (const auto& [function, word] : watched) name_outputs_of(function, word);
    for (std::size_t k = 0; k < states_.size(); ++k)
      if (!states_[k].counts) {
        seen_.clear();
        name_kept(k, step_.state[k].id());
      }
  }

 private:
  void name_outputs_of(Unary function, std::string_view word) {
    std::size_t number = 0;
    for (std::size_t n = first_; n < tape_.nodes().size(); ++n) {
      const Node& node = tape_.nodes()[n];
      const bool batched = !node.outputs.empty() && is_batched(node.outputs[0]);
      if (!node.op->is(function) || !batched) continue;
      const auto name = names_.try_emplace(node.outputs[0], fmt::format("{}_{}", word, ++number)).first;
      step_.values.insert_or_assign(fmt::format("{} of {}", word, name->second), Var(tape_, node.outputs[0]));
    }
  }

  bool is_batched(ValueId id) const {
    const Dims& dims = tape_.value(id).dims;
    return !dims.empty() && dims[0] == in_.x.dims()[0];
  }

  /// Looks for products with state k among what is added up into value `id`.
  void name_kept(std::size_t k, ValueId id) {
    if (!seen_.insert(id).second) return;
    const Node& node = tape_.producer(id);
    if (node.op->is(Binary::add) || node.op->is(Binary::sub))
      for (const ValueId operand : node.inputs) name_kept(k, operand);
    if (!node.op->is(Binary::mul)) return;
    for (const std::size_t factor : {0u, 1u}) {
      const auto gate = gate_in(tape_, node.inputs[factor]);
      // A gate that is the same in all sequences has no name here: a parameter, not an activation.
      if (!gate || !names_.contains(*gate) || node.inputs[1 - factor] != in_.state[k].id()) continue;
      step_.values.insert_or_assign(fmt::format("kept of {} by {}", states_[k].name, names_.at(*gate)),
                                    Var(tape_, node.inputs[factor]));
    }
  }

  const std::vector<StateSpec>& states_;
  const StepInputs& in_;
  Tape& tape_;
  std::size_t first_;
  CellStep& step_;
  std::map<ValueId, std::string> names_;
  std::set<ValueId> seen_;  ///< on the way back from one state
};

}  // namespace

CellStep WatchedCell::step(const Parameters& p, const StepInputs& in) const {
  const std::size_t first = in.x.tape().nodes().size();
  CellStep step = cell_->step(p, in);
  RecordedStep(cell_->states(), in, first, step).name_outputs();
  return step;
}

}  // namespace unroll
