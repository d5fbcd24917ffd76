#include "framework/autodiff/behind_scan.hpp"

#include <algorithm>

#include "framework/autodiff/ops.hpp"

namespace unroll {
namespace {

constexpr std::int64_t none = -1;

std::int64_t index_of(const std::vector<ValueId>& values, ValueId v) {
  const auto found = std::ranges::find(values, v);
  return found == values.end() ? none : found - values.begin();
}

}  // namespace

bool reads_state(const ScanBody& body, std::size_t k) {
  const ValueId before = body.states[k];
  const auto put_out = [&](const ScanBody::Output& out) { return out.value == before; };
  return std::ranges::any_of(body.outputs, put_out) ||
         std::ranges::any_of(body.tape.nodes(),
                             [&](const Node& node) { return index_of(node.inputs, before) != none; });
}

BehindScan::BehindScan(const ScanBody& body, const std::vector<Var>& inputs, Tape& outer, bool reverse)
    : body_(body), inputs_(inputs), outer_(outer), reverse_(reverse), made_(body.states.size(), false) {
  for (std::size_t k = 0; k < made_.size(); ++k) made_[k] = !reads_state(body, k);
  for (std::size_t k = 0; k < made_.size(); ++k) made_[k] = made_[k] && can_make(k);
  for (const auto& [from, to] : body.tape.captures()) outside_.emplace(to, Var(outer, from));
}

/// After the last step without doing anything again: a capture, or a state that the scan is asked for.
bool BehindScan::given(ValueId v) const {
  const std::int64_t state = index_of(body_.next, v);
  const auto& captures = body_.tape.captures();
  return (state != none && !made_[static_cast<std::size_t>(state)]) ||
         std::ranges::any_of(captures, [&](const auto& capture) { return capture.second == v; });
}

/// Values of the step from which the state after it is made.
std::vector<bool> BehindScan::needed_for(std::size_t k) const {
  std::vector<bool> needed(body_.tape.values().size(), false);
  needed[body_.next[k]] = true;
  const auto& nodes = body_.tape.nodes();
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
    const auto makes_needed = [&](ValueId v) { return needed[v] && !given(v); };
    if (std::ranges::none_of(node->outputs, makes_needed)) continue;
    for (const ValueId v : node->inputs) needed[v] = true;
  }
  return needed;
}

/// Not from states before the last step, from indices, which have no slices, or from the number of the step.
bool BehindScan::can_make(std::size_t k) const {
  const std::vector<bool> needed = needed_for(k);
  for (const Node& node : body_.tape.nodes()) {
    const ValueId v = node.outputs[0];
    if (!needed[v] || given(v)) continue;
    const bool slice = index_of(body_.inputs, v) != none && body_.tape.value(v).kind == Kind::real;
    if (node.outputs.size() != 1 || node.op->reverse || (node.op->input() && !slice)) return false;
  }
  return true;
}

Var BehindScan::last_slice(Var input, const Dims& dims) const {
  return reshape(slice(input, 0, reverse_ ? 0 : -1, 1), dims);
}

Var BehindScan::at_last(ValueId v, const std::vector<Var>& final_state) {
  if (const auto found = outside_.find(v); found != outside_.end()) return found->second;
  if (given(v)) return final_state[static_cast<std::size_t>(index_of(body_.next, v))];
  if (const std::int64_t input = index_of(body_.inputs, v); input != none)
    return last_slice(inputs_[static_cast<std::size_t>(input)], body_.tape.value(v).dims);
  const Node& producer = body_.tape.producer(v);
  std::vector<Var> operands;
  for (const ValueId operand : producer.inputs) operands.push_back(outside_.at(operand));
  return outer_.record(*producer.op, operands, producer.attrs);
}

Var BehindScan::state(std::size_t k, const std::vector<Var>& final_state) {
  const std::vector<bool> needed = needed_for(k);
  for (ValueId v = 0; v < static_cast<ValueId>(needed.size()); ++v)
    if (needed[v]) outside_.emplace(v, at_last(v, final_state));
  return outside_.at(body_.next[k]);
}

}  // namespace unroll
