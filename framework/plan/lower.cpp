#include "framework/plan/lower.hpp"

#include <algorithm>

#include "framework/autodiff/ops/rows.hpp"
#include "framework/autodiff/ops/sources.hpp"
#include "framework/autodiff/scan.hpp"
#include "framework/plan/ir/edit.hpp"

namespace unroll {

using ir::Code;
using ir::Compute;
using ir::Id;
using ir::Loop;

namespace {

class Lowering {
 public:
  explicit Lowering(ir::Program& program) : program_(program) {}

  using Ids = std::vector<Id>;  ///< of the program, by value of a tape

  /// The tape that holds everything, whose inputs are the program's.
  Ids run(const Tape& tape) {
    Ids ids(tape.values().size(), ir::none);
    for (const Node& node : tape.nodes())
      if (node.op->input()) {
        ids[node.outputs[0]] = define(tape, node.outputs[0], input_name(node));
        program_.inputs.push_back(ids[node.outputs[0]]);
      }
    lower(tape, ids, program_.code);
    return ids;
  }

 private:
  Id define(const Tape& tape, ValueId v, std::string name) {
    return program_.add({tape.value(v).dims, tape.value(v).kind, std::move(name)});
  }
  Id define_like(Id value, const Dims& dims) { return program_.add_like(value, dims); }

  void lower(const Tape& tape, Ids& ids, Code& code) {
    for (const Node& node : tape.nodes()) {
      if (node.op->input()) continue;
      if (node.op == &scan_op)
        lower_scan(tape, node, ids, code);
      else
        lower_op(tape, node, ids, node.op->source() ? program_.once : code);
    }
  }

  void lower_op(const Tape& tape, const Node& node, Ids& ids, Code& code) {
    std::vector<Id> in;
    for (const ValueId v : node.inputs) in.push_back(ids[v]);
    const ValueId out = node.outputs[0];
    ids[out] = define(tape, out, std::string(node.op->name));
    code.push_back({Compute{node.op, node.attrs, std::move(in), ids[out]}});
  }

  void lower_scan(const Tape& tape, const Node& node, Ids& ids, Code& code) {
    const ScanAttrs& attrs = node.attrs.as<ScanAttrs>();
    const ScanBody& body = *attrs.body;
    Loop loop{.over = Loop::Steps{}, .length = attrs.length, .reverse = attrs.reverse, .body = {}};
    Ids inner(body.tape.values().size(), ir::none);
    std::size_t operand = 0;
    const auto outer = [&] { return ids[node.inputs[operand++]]; };
    for (const ValueId v : body.inputs) {
      const Id whole = outer();
      inner[v] = define_like(whole, body.tape.value(v).dims);
      loop.slices.push_back({whole, inner[v]});
    }
    Dims state_sizes;
    for (std::size_t k = 0; k < body.states.size(); ++k) {
      const Dims& dims = body.tape.value(body.states[k]).dims;
      const Id initial = outer();
      inner[body.states[k]] = define(body.tape, body.states[k], "h");
      state_sizes.push_back(numel(dims));
      loop.states.push_back({initial, inner[body.states[k]], ir::none});
    }
    loop.over = Loop::Steps{std::move(state_sizes)};
    for (const auto& [from, to] : body.tape.captures()) inner[to] = outer();
    for (const Node& step : body.tape.nodes())
      if (step.op == &step_index_op) {
        if (loop.step_index == ir::none)
          loop.step_index = define(body.tape, step.outputs[0], std::string(step.op->name));
        inner[step.outputs[0]] = loop.step_index;
      }
    lower(body.tape, inner, loop.body);
    for (std::size_t k = 0; k < body.states.size(); ++k) loop.states[k].after = inner[body.next[k]];
    for (std::size_t i = 0; i < node.outputs.size(); ++i)
      ids[node.outputs[i]] = result(tape, node.outputs[i], body.outputs[i], inner, loop, code);
    code.push_back({std::move(loop)});
  }

  Id result(const Tape& tape, ValueId v, const ScanBody::Output& output, const Ids& inner, Loop& loop,
            Code& code) {
    const Id part = inner[output.value];
    const Id whole = define(tape, v, program_.values[part].name);
    if (output.role == ScanBody::Role::summed) {
      add_sum(part, whole, loop, code);
    } else if (output.role == ScanBody::Role::final) {
      Loop::State& state = loop.states[output.state];
      if (state.final != ir::none) return state.final;
      state.final = whole;
    } else {
      loop.stacks.push_back({part, whole});
    }
    return whole;
  }

  /// A sum over the steps is a state that each step adds to.
  void add_sum(Id part, Id total, Loop& loop, Code& code) {
    const Id initial = ir::append_zeros(program_, code, program_.dims(part));
    const Id before = define_like(part, program_.dims(part));
    const Id after = ir::append(program_, loop.body, add_op(), {before, part});
    loop.states.push_back({initial, before, after, total});
  }

  static std::string input_name(const Node& node) { return unroll::input_name(node.attrs); }

  ir::Program& program_;
};

}  // namespace

Lowered lower(const Tape& tape, const std::vector<Var>& outputs) {
  Lowered lowered;
  const Lowering::Ids ids = Lowering(lowered.program).run(tape);
  for (const Node& node : tape.nodes())
    if (!node.outputs.empty() &&
        std::ranges::find(lowered.program.inputs, ids[node.outputs[0]]) != lowered.program.inputs.end())
      lowered.inputs[node.outputs[0]] = ids[node.outputs[0]];
  for (const Var& v : outputs) lowered.program.outputs.push_back(ids[v.id()]);
  ir::remove_dead(lowered.program);
  return lowered;
}

}  // namespace unroll
