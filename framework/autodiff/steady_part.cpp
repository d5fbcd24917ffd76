#include "framework/autodiff/steady_part.hpp"

#include <algorithm>

#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/ops/sources.hpp"
#include "framework/autodiff/record_again.hpp"

namespace unroll {
namespace {

/// Values that are as large as the batch stay with the step: to sum them would take as much memory traffic as
/// to go back through them.
bool depends_on_batch(const Dims& dims) {
  return std::ranges::any_of(dims, [](Dim dim) { return !dim.fixed(); });
}

std::vector<bool> steady_values(const ScanBody& body) {
  std::vector<bool> steady(body.tape.values().size(), false), computed = steady;
  for (const auto& [from, to] : body.tape.captures()) steady[to] = true;
  for (const Node& node : body.tape.nodes()) {
    const bool given = node.op == &input_op || node.op == &index_input_op || node.op == &step_index_op;
    const bool constant = node.op->source() && !given;
    const bool pure = !node.op->source() && node.outputs.size() == 1 && !node.op->reverse;
    if (!constant && !pure) continue;
    const ValueId out = node.outputs[0];
    if (pure && depends_on_batch(body.tape.value(out).dims)) continue;
    steady[out] = std::ranges::all_of(node.inputs, [&](ValueId v) { return steady[v]; });
    computed[out] = pure && steady[out];
  }
  return computed;
}

}  // namespace

SteadyPart::SteadyPart(const ScanBody& body, Tape& outer, const std::vector<bool>& active)
    : step_(body.tape),
      outer_(outer),
      computed_(steady_values(body)),
      reverse_(step_, outer, active, [this](ValueId v) { return outside(v); }) {
  for (const auto& [from, to] : step_.captures()) outside_.emplace(to, Var(outer, from));
}

Var SteadyPart::outside(ValueId v) {
  const auto found = outside_.find(v);
  return found != outside_.end() ? found->second : outside_.emplace(v, record(v)).first->second;
}

Var SteadyPart::record(ValueId v) {
  return record_again(step_.producer(v), outer_, [&](ValueId operand) { return outside(operand); });
}

}  // namespace unroll
