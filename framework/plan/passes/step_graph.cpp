#include "framework/plan/passes/step_graph.hpp"

#include <algorithm>

#include "framework/autodiff/ops/products.hpp"
#include "framework/plan/ir/access.hpp"
#include "framework/plan/ir/uses.hpp"
#include "framework/plan/passes/lift.hpp"

namespace unroll::passes {

using namespace ir;

StepGraph::StepGraph(const Program& program, const Loop& steps)
    : program_(program),
      steps_(steps),
      own_(program.values.size(), false),
      at_hand_(program.values.size(), true),
      producer_(definitions(program, steps.body)),
      reads_(program.values.size(), 0),
      addition_(steps.body.size(), false),
      feeds_state_(steps.body.size(), false),
      with_calls_(shapes_with_calls(program, steps.body)),
      consumers_(steps.body.size()) {
  const auto own = [&](Id id) { own_[id] = true, at_hand_[id] = false; };
  each_argument(steps, own);
  for (const Instruction& instruction : steps.body) each_result(instruction, own);
  for (const Loop::Slice& slice : steps.slices) at_hand_[slice.part] = true;
  const auto count = [&](Id id) { ++reads_[id]; };
  each_read(steps.body, count);
  each_observed(steps, count);
  find_sums();
  for (std::size_t i = 0; i < size(); ++i)
    if (!addition_[i])
      for (const Id in : compute(i).in)
        if (producer_[in] >= 0) consumers_[static_cast<std::size_t>(producer_[in])].push_back(i);
  find_feeding();
}

bool StepGraph::calls_on(const Dims& shape) const {
  return std::ranges::find(with_calls_, shape) != with_calls_.end();
}

bool StepGraph::over_batch(std::size_t i, const Dims& vectors) const {
  const Compute& product = compute(i);
  return product.op->rows == Rows::product && product.attrs.as<MatmulAttrs>().transpose_a &&
         std::ranges::any_of(product.in, [&](Id in) { return program_.dims(in) == vectors; });
}

void StepGraph::find_sums() {
  for (std::size_t k = 0; k < steps_.states.size(); ++k) {
    const Loop::State& state = steps_.states[k];
    const std::optional<std::size_t> i = producer(state.after);
    if (!i || reads_[state.before] != 1 || reads_[state.after] != 1) continue;
    const Compute& last = compute(*i);
    if (!last.op->is(Binary::add) || program_.dims(last.in[0]) != program_.dims(last.in[1])) continue;
    const bool first = last.in[0] == state.before;
    if (!first && last.in[1] != state.before) continue;
    addition_[*i] = true;
    sums_.push_back({k, *i, last.in[first ? 1 : 0]});
  }
}

void StepGraph::find_feeding() {
  std::vector<bool> needed(program_.values.size(), false);
  for (const Loop::State& state : steps_.states) needed[state.after] = true;
  for (std::size_t i = size(); i-- > 0;) {
    feeds_state_[i] = !addition_[i] && needed[compute(i).out];
    if (feeds_state_[i])
      for (const Id in : compute(i).in) needed[in] = true;
  }
}

std::optional<std::size_t> StepGraph::producer(Id value) const {
  const int i = producer_[value];
  return i < 0 ? std::nullopt : std::optional(static_cast<std::size_t>(i));
}

std::vector<bool> StepGraph::stacked(const Compute& compute) const {
  std::vector<bool> flags;
  for (const Id in : compute.in) flags.push_back(!steady(in));
  return flags;
}

/// What reads the step's index stays with it: a block has no value that holds all of its steps' indices.
bool StepGraph::liftable(std::size_t i) const {
  const Compute& instruction = compute(i);
  if (std::ranges::find(instruction.in, steps_.step_index) != instruction.in.end()) return false;
  return only_summed(i) || can_lift(instruction, program_, stacked(instruction));
}

std::optional<StepGraph::Sum> StepGraph::only_summed(std::size_t i) const {
  const Compute& instruction = compute(i);
  for (const Sum& sum : sums_)
    if (sum.addend == instruction.out && reads_[instruction.out] == 1 &&
        can_lift_sum(instruction, program_, stacked(instruction)))
      return sum;
  return std::nullopt;
}

}  // namespace unroll::passes
