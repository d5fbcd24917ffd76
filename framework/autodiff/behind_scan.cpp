#include "framework/autodiff/behind_scan.hpp"

#include <algorithm>

#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/record_again.hpp"

namespace unroll {

bool reads_state(const ScanBody& body, std::size_t k) {
  const ValueId before = body.states[k];
  const auto reads = [&](const Node& node) { return std::ranges::count(node.inputs, before) > 0; };
  const auto puts_out = [&](const ScanBody::Output& out) { return out.value == before; };
  return std::ranges::any_of(body.outputs, puts_out) || std::ranges::any_of(body.tape.nodes(), reads);
}

BehindScan::BehindScan(const ScanBody& body, const std::vector<Var>& inputs, Tape& outer, bool reverse)
    : body_(body), outer_(outer), reverse_(reverse), made_(body.states.size(), false) {
  for (const auto& [from, to] : body.tape.captures()) outside_.emplace(to, Var(outer, from));
  for (std::size_t i = 0; i < inputs.size(); ++i) inputs_.emplace(body.inputs[i], inputs[i]);
  for (std::size_t k = 0; k < made_.size(); ++k)
    if (reads_state(body, k)) kept_.emplace(body.next[k], k);
  for (std::size_t k = 0; k < made_.size(); ++k) made_[k] = !kept_.contains(body.next[k]) && can_make(k);
}

/// Values of the step from which the state after it is made.
std::vector<bool> BehindScan::needed_for(std::size_t k) const {
  std::vector<bool> needed(body_.tape.values().size(), false);
  needed[body_.next[k]] = true;
  const auto& nodes = body_.tape.nodes();
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
    const auto makes_needed = [&](ValueId v) { return needed[v] && !kept_.contains(v); };
    if (std::ranges::none_of(node->outputs, makes_needed)) continue;
    for (const ValueId v : node->inputs) needed[v] = true;
  }
  return needed;
}

/// Not from states before the last step, from indices, which have no slices, or from the number of the step.
bool BehindScan::can_make(std::size_t k) const {
  const std::vector<bool> needed = needed_for(k);
  return std::ranges::all_of(body_.tape.nodes(), [&](const Node& node) {
    const ValueId v = node.outputs[0];
    if (!needed[v] || kept_.contains(v) || outside_.contains(v)) return true;
    if (node.op->input()) return inputs_.contains(v) && body_.tape.value(v).kind == Kind::real;
    return node.outputs.size() == 1 && !node.op->reverse;
  });
}

Var BehindScan::last_slice(Var input, const Dims& dims) const {
  if (const auto last = last_of_trajectory(input, reverse_)) return *last;
  return reshape(slice(input, 0, reverse_ ? 0 : -1, 1), dims);
}

Var BehindScan::at_last(ValueId v, const std::vector<Var>& final_state) {
  if (const auto state = kept_.find(v); state != kept_.end()) return final_state[state->second];
  if (const auto input = inputs_.find(v); input != inputs_.end())
    return last_slice(input->second, body_.tape.value(v).dims);
  return record_again(body_.tape.producer(v), outer_, [&](ValueId operand) { return outside_.at(operand); });
}

Var BehindScan::state(std::size_t k, const std::vector<Var>& final_state) {
  const std::vector<bool> needed = needed_for(k);
  for (ValueId v = 0; v < static_cast<ValueId>(needed.size()); ++v)
    if (needed[v] && !outside_.contains(v)) outside_.emplace(v, at_last(v, final_state));
  return outside_.at(body_.next[k]);
}

}  // namespace unroll
