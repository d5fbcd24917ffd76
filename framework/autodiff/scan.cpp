#include "framework/autodiff/scan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "framework/autodiff/behind_scan.hpp"
#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/ops/rows.hpp"
#include "framework/autodiff/scan_reverse.hpp"

namespace unroll {

constexpr Op scan_op{.name = "scan",
                     .operands = OperandSpecs::any({}),
                     .shape = nullptr,
                     .keep = Keep::both,
                     .attrs = &attrs_type<ScanAttrs>,
                     .reverse = reverse_scan};

namespace {

Tape& outer_tape(const std::vector<Var>& inputs, const std::vector<Var>& initial_state) {
  if (inputs.empty() && initial_state.empty())
    throw std::invalid_argument("[scan] needs an input or a state to know which tape it is on");
  Tape& tape = inputs.empty() ? initial_state[0].tape() : inputs[0].tape();
  if (tape.parent())
    throw std::invalid_argument(
        "[scan] a scan in a scan is not supported; flatten the two loops into one, or run "
        "the inner one "
        "on the stacked outputs of the outer one");
  return tape;
}

Dim scan_length(const std::vector<Var>& inputs, const ScanOptions& options) {
  std::optional<Dim> length = options.length;
  for (const Var& v : inputs) {
    if (v.rank() == 0) throw ShapeError("[scan] an input is a scalar; inputs are time-major, (length, ...)");
    if (length && *length != v.dims()[0])
      throw ShapeError(
          fmt::format("[scan] an input of shape {} has {} steps where {} are expected; inputs are time-major",
                      to_string(v.dims()), to_string(v.dims()[0]), to_string(*length)));
    length = v.dims()[0];
  }
  if (!length) throw std::invalid_argument("[scan] without inputs the length must be given in the options");
  return *length;
}

void check_state(std::size_t k, const Dims& before, const Dims& after) {
  if (before == after) return;
  throw ShapeError(
      fmt::format("[scan] state {} has shape {} before the step and {} after it; a step must keep it (was "
                  "the initial state given "
                  "without its batch axis?)",
                  k, to_string(before), to_string(after)));
}

Dims stacked_dims(Dim length, const Dims& step) {
  Dims dims{length};
  dims.insert(dims.end(), step.begin(), step.end());
  return dims;
}

/// `v` on the body's tape. Only real values can leave a step.
Var real_value(ScanBody& body, Var v, const char* what, std::size_t k) {
  const Var here = body.tape.import(v);
  if (body.tape.value(here.id()).kind != Kind::real)
    throw std::invalid_argument(fmt::format(
        "[scan] {} value {} of the step is an index; only real values can leave a step", what, k));
  return here;
}

/// A state after the step that no other state shares, so that the cotangent of the value is the cotangent of
/// the state.
Var own_value(const ScanBody& body, Var v) {
  const bool computed = !body.tape.producer(v.id()).op->source();
  const bool shared = std::find(body.next.begin(), body.next.end(), v.id()) != body.next.end();
  return computed && !shared ? v : identity(v);
}

/// The slice of an input at t.
Var record_slice(ScanBody& body, Var input) {
  const Dims dims(input.dims().begin() + 1, input.dims().end());
  const bool real = input.tape().value(input.id()).kind == Kind::real;
  const Var slice = real ? body.tape.input("", dims) : body.tape.index_input("", dims);
  body.inputs.push_back(slice.id());
  return slice;
}

Step record_step(const StepFunction& step, ScanBody& body, const std::vector<Var>& inputs,
                 const std::vector<Var>& initial_state) {
  std::vector<Var> x, state;
  for (const Var& v : inputs) x.push_back(record_slice(body, v));
  for (const Var& v : initial_state) {
    if (v.tape().value(v.id()).kind != Kind::real)
      throw std::invalid_argument(
          fmt::format("[scan] initial state {} is an index; a state must be real", state.size()));
    state.push_back(body.tape.input("", v.dims()));
    body.states.push_back(state.back().id());
  }
  Step result = step(x, state);
  if (result.state.size() != initial_state.size())
    throw std::invalid_argument(fmt::format("[scan] the step returned {} states, {} were given",
                                            result.state.size(), initial_state.size()));
  for (std::size_t k = 0; k < result.state.size(); ++k) {
    check_state(k, initial_state[k].dims(), result.state[k].dims());
    body.next.push_back(own_value(body, real_value(body, result.state[k], "state", k)).id());
  }
  return result;
}

}  // namespace

Scanned scan(const StepFunction& step, const std::vector<Var>& inputs, const std::vector<Var>& initial_state,
             const ScanOptions& options) {
  Tape& outer = outer_tape(inputs, initial_state);
  const Dim length = scan_length(inputs, options);
  const ScanAttrs attrs{length, options.reverse, std::make_shared<ScanBody>(outer)};
  ScanBody& body = *attrs.body;
  const Step result = record_step(step, body, inputs, initial_state);
  std::vector<ValueId> stacked, summed;
  for (const Var& v : result.stacked) stacked.push_back(real_value(body, v, "stacked", stacked.size()).id());
  for (const Var& v : result.summed) summed.push_back(real_value(body, v, "summed", summed.size()).id());
  body.tape.close();

  std::vector<Var> operands = inputs;
  operands.insert(operands.end(), initial_state.begin(), initial_state.end());
  for (const auto& [from, to] : body.tape.captures()) operands.push_back(Var(outer, from));
  const NodeId node = outer.record_many(scan_op, operands, attrs);

  const auto output = [&](ScanBody::Role role, ValueId value, Dims dims, std::size_t state = 0) {
    body.outputs.push_back({role, value, state});
    return outer.add_output(node, std::move(dims));
  };
  Scanned scanned;
  BehindScan behind(body, inputs, outer, options.reverse);
  for (std::size_t k = 0; k < body.next.size(); ++k) {
    const Dims& dims = initial_state[k].dims();
    scanned.final_state.push_back(behind.makes(k) ? Var()
                                                  : output(ScanBody::Role::final, body.next[k], dims, k));
    scanned.state_trajectory.push_back(
        output(ScanBody::Role::trajectory, body.next[k], stacked_dims(length, dims), k));
  }
  for (const ValueId v : stacked)
    scanned.stacked.push_back(
        output(ScanBody::Role::stacked, v, stacked_dims(length, body.tape.value(v).dims)));
  for (const ValueId v : summed)
    scanned.summed.push_back(output(ScanBody::Role::summed, v, body.tape.value(v).dims));
  for (std::size_t k = 0; k < body.next.size(); ++k) {
    if (!behind.makes(k)) continue;
    scanned.final_state[k] = behind.state(k, scanned.final_state);
    body.behind[k] = scanned.final_state[k].id();
  }
  return scanned;
}

namespace {

/// What a value is among the results of its scan; null where no scan gives it.
const ScanBody::Output* scan_output(Var v) {
  const Node& node = v.tape().producer(v.id());
  if (node.op != &scan_op) return nullptr;
  const auto found = std::ranges::find(node.outputs, v.id());
  return &node.attrs.as<ScanAttrs>().body->outputs[static_cast<std::size_t>(found - node.outputs.begin())];
}

}  // namespace

bool is_trajectory(Var v) {
  const ScanBody::Output* output = scan_output(v);
  return output && output->role == ScanBody::Role::trajectory;
}

std::optional<Var> last_of_trajectory(Var v, bool reverse) {
  if (!is_trajectory(v)) return std::nullopt;
  const Node& node = v.tape().producer(v.id());
  const ScanAttrs& attrs = node.attrs.as<ScanAttrs>();
  const std::size_t state = scan_output(v)->state;
  if (attrs.reverse != reverse) return std::nullopt;
  if (const auto last = attrs.body->behind.find(state); last != attrs.body->behind.end())
    return Var(v.tape(), last->second);
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    const ScanBody::Output& output = attrs.body->outputs[i];
    if (output.role == ScanBody::Role::final && output.state == state) return Var(v.tape(), node.outputs[i]);
  }
  return std::nullopt;
}

std::vector<bool> body_dependence(const ScanBody& body, std::vector<bool> marked) {
  for (;;) {
    marked = depends_on(body.tape, std::move(marked));
    bool changed = false;
    for (std::size_t k = 0; k < body.states.size(); ++k)
      if (marked[body.next[k]] && !marked[body.states[k]]) marked[body.states[k]] = changed = true;
    if (!changed) return marked;
  }
}

void mark_scan_dependence(const Node& node, std::vector<bool>& dependent) {
  const ScanBody& body = *node.attrs.as<ScanAttrs>().body;
  std::vector<bool> inside(body.tape.values().size(), false);
  std::size_t operand = 0;
  for (const ValueId v : body.inputs) inside[v] = dependent[node.inputs[operand++]];
  for (const ValueId v : body.states) inside[v] = dependent[node.inputs[operand++]];
  for (const auto& [from, to] : body.tape.captures()) inside[to] = dependent[node.inputs[operand++]];
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    const ScanBody::Output& out = body.outputs[i];
    if (out.role != ScanBody::Role::trajectory || !dependent[node.outputs[i]]) continue;
    inside[body.states[out.state]] = inside[out.value] = true;
    if (const auto last = body.behind.find(out.state); last != body.behind.end())
      dependent[last->second] = true;
  }
  inside = body_dependence(body, std::move(inside));
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    const ScanBody::Output& out = body.outputs[i];
    // With no step at all the final state is the initial one.
    const bool initial = out.role == ScanBody::Role::final && inside[body.states[out.state]];
    if (inside[out.value] || initial) dependent[node.outputs[i]] = true;
  }
}

}  // namespace unroll
