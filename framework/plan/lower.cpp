#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>
#include <unordered_map>

#include "framework/autodiff/ops/rows.hpp"
#include "framework/autodiff/ops/sources.hpp"
#include "framework/autodiff/scan.hpp"
#include "framework/plan/graph.hpp"
#include "framework/plan/program.hpp"

namespace unroll {

namespace {

bool is_input(const Op& op) { return op.source() && !op.forward.f32; }

/// Maps each live value to the first equal one: same op, equal attributes, equal operands.
template <class Live>
std::vector<ValueId> common_subexpressions(const Tape& tape, const Live& live) {
  std::vector<ValueId> first(tape.values().size());
  for (std::size_t v = 0; v < first.size(); ++v) first[v] = static_cast<ValueId>(v);
  struct Seen {
    const Node* node;
    std::vector<ValueId> inputs;
  };
  std::unordered_multimap<std::size_t, Seen> seen;
  for (const Node& node : tape.nodes()) {
    if (is_input(*node.op) || node.op == &scan_op || !live(node.outputs[0])) continue;
    std::vector<ValueId> inputs;
    std::size_t hash = std::hash<const Op*>{}(node.op);
    for (const ValueId in : node.inputs) {
      inputs.push_back(first[in]);
      hash = hash * 1000003 + static_cast<std::size_t>(first[in]);
    }
    const auto [from, to] = seen.equal_range(hash);
    const auto equal = std::find_if(from, to, [&](const auto& entry) {
      return entry.second.node->op == node.op && entry.second.inputs == inputs &&
             entry.second.node->attrs == node.attrs;
    });
    if (equal != to)
      first[node.outputs[0]] = equal->second.node->outputs[0];
    else
      seen.emplace(hash, Seen{&node, std::move(inputs)});
  }
  return first;
}

/// Turns one tape (or one step) into a program. `slot_of` maps canonical values to slots.
class Lowering {
 public:
  Lowering(const Tape& tape, const ValueGraph& graph, const std::vector<bool>& live,
           const PlanOptions& options)
      : tape_(tape),
        graph_(graph),
        live_(live),
        options_(options),
        first_(common_subexpressions(tape,
                                     [&](ValueId v) {
                                       return options.runs(passes::common_subexpressions) &&
                                              live[graph.vertex(tape, v)];
                                     })),
        slot_of_(tape.values().size(), no_slot) {}

  bool live(ValueId v) const { return live_[graph_.vertex(tape_, v)]; }
  SlotId slot(ValueId v) const { return slot_of_[first_[v]]; }

  SlotId add_slot(ValueId v, Place place) { return slot_of_[first_[v]] = new_slot(v, place); }

  /// Emits what `steady` says into the prologue and the rest into the code.
  void emit_all(const std::vector<bool>& steady) {
    for (const Node& node : tape_.nodes()) {
      if (is_input(*node.op)) continue;
      if (node.op == &scan_op)
        emit_loop(node);
      else if (live(node.outputs[0]) && first_[node.outputs[0]] == node.outputs[0])
        emit(node, steady[node.outputs[0]]);
    }
  }

  /// A slot of its own for `v`, which only one result may claim: the value's, or a copy's.
  SlotId claim(ValueId v, Place place) {
    const SlotId source = slot(v);
    if (program.slots[source].place == Place::arena && program.slots[source].alias == no_slot) {
      program.slots[source].place = place;
      return source;
    }
    return copy(v, source, place);
  }

  /// A slot that one output alone has: it may be changed in place between runs without changing the next run.
  SlotId claim_output(ValueId v) {
    const SlotId source = slot(v);
    if (taken_.insert(source).second && program.slots[source].place == Place::arena &&
        program.slots[source].alias == no_slot)
      return source;
    return copy(v, source, Place::arena);
  }

  Program program;

 private:
  SlotId new_slot(ValueId v, Place place) {
    return program.add_slot({.dims = tape_.value(v).dims, .kind = tape_.value(v).kind, .place = place});
  }

  SlotId copy(ValueId v, SlotId source, Place place) {
    const SlotId slot = new_slot(v, place);
    program.code.push_back({.op = &identity_op(tape_.value(v).kind), .in = {source}, .out = slot});
    return slot;
  }

  void emit(const Node& node, bool steady) {
    std::vector<SlotId> in;
    for (const ValueId v : node.inputs) in.push_back(slot(v));
    if (node.op->rows == Rows::reshape && !steady && options_.runs(passes::reshape_in_place)) {
      const SlotId out = add_slot(node.outputs[0], Place::arena);
      program.slots[out].alias = in[0];
      return;
    }
    const SlotId out = add_slot(node.outputs[0], steady ? Place::persistent : Place::arena);
    (steady ? program.prologue : program.code)
        .push_back({.op = node.op, .attrs = node.attrs, .in = std::move(in), .out = out});
  }

  void emit_loop(const Node& node);

  const Tape& tape_;
  const ValueGraph& graph_;
  const std::vector<bool>& live_;
  const PlanOptions& options_;
  std::vector<ValueId> first_;
  std::vector<SlotId> slot_of_;
  std::set<SlotId> taken_;  ///< by outputs of the plan
};

/// Values that no time step changes: they depend on captures and constants alone.
std::vector<bool> loop_invariants(const ScanBody& body, bool enabled) {
  const Tape& tape = body.tape;
  std::vector<bool> steady(tape.values().size(), false);
  for (const auto& [from, to] : tape.captures()) steady[to] = true;
  for (const Node& node : tape.nodes()) {
    if (is_input(*node.op) || (!enabled && !node.op->source())) continue;
    steady[node.outputs[0]] =
        std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId v) { return steady[v]; });
  }
  return steady;
}

/// Lowers a scan node into `loop`: first the slots that come from outside, then the step, then what leaves
/// it.
class LoopLowering {
 public:
  LoopLowering(const Node& node, Lowering& outer, const ValueGraph& graph, const std::vector<bool>& live,
               const PlanOptions& options)
      : node_(node),
        body_(*node.attrs.as<ScanAttrs>().body),
        options_(options),
        outer_(outer),
        inner_(body_.tape, graph, live, options) {
    loop_->length = node.attrs.as<ScanAttrs>().length;
    loop_->reverse = node.attrs.as<ScanAttrs>().reverse;
    for (const ValueId v : body_.states) loop_->state_sizes.push_back(numel(body_.tape.value(v).dims));
    come_in();
    inner_.emit_all(loop_invariants(body_, options.runs(passes::loop_invariants)));
  }

  /// Adds the outer slots of the results and returns the instruction.
  Instruction finish() {
    leave();
    loop_->body = std::move(inner_.program);
    return {.op = &scan_op, .loop = loop_};
  }

 private:
  ValueId operand(std::size_t i) const { return node_.inputs[i]; }

  void come_in() {
    std::size_t i = 0;
    for (const ValueId v : body_.inputs) link(loop_->slices, operand(i++), v);
    for (const ValueId v : body_.states) {
      ++i;
      if (inner_.live(v)) inner_.add_slot(v, Place::outside);
    }
    for (const auto& [from, to] : body_.tape.captures()) link(loop_->captures, operand(i++), to);
    for (const Node& node : body_.tape.nodes())
      if (node.op == &step_index_op && inner_.live(node.outputs[0]))
        loop_->step_index.push_back(inner_.add_slot(node.outputs[0], Place::outside));
  }

  void link(std::vector<Loop::Link>& links, ValueId outer, ValueId inner) {
    if (inner_.live(inner)) links.push_back({outer_.slot(outer), inner_.add_slot(inner, Place::outside)});
  }

  void leave() {
    std::vector<SlotId> final_slot(body_.states.size(), no_slot);
    std::vector<SlotId> history(body_.states.size(), no_slot);
    for (std::size_t i = 0; i < node_.outputs.size(); ++i) {
      const ScanBody::Output& out = body_.outputs[i];
      if (!outer_.live(node_.outputs[i])) continue;
      const SlotId outer = outer_.add_slot(node_.outputs[i], Place::arena);
      if (out.role == ScanBody::Role::final)
        final_slot[out.state] = outer;
      else if (out.role == ScanBody::Role::summed)
        loop_->summed.push_back({outer, inner_.slot(out.value)});
      else if (const auto k = state_before(out.value); k && history[*k] == no_slot)
        history[*k] = outer;
      else
        loop_->stacked.push_back({outer, inner_.claim(out.value, Place::outside)});
    }
    std::map<SlotId, SlotId> carrier;  // several states may become the same value
    for (std::size_t k = 0; k < body_.states.size(); ++k) {
      if (!inner_.live(body_.states[k])) continue;
      if (history[k] != no_slot) share_history(k, history[k]);
      const SlotId source = inner_.slot(body_.next[k]);
      if (!carrier.contains(source)) carrier[source] = carry(body_.next[k]);
      loop_->states.push_back({outer_.slot(operand(body_.inputs.size() + k)), inner_.slot(body_.states[k]),
                               carrier[source], final_slot[k], history[k]});
    }
  }

  /// The state that `v` is before the step, if its history can be the history after the step, one step later.
  std::optional<std::size_t> state_before(ValueId v) const {
    if (!options_.runs(passes::shared_history)) return std::nullopt;
    for (std::size_t k = 0; k < body_.states.size(); ++k) {
      if (!inner_.live(body_.states[k]) || inner_.slot(v) != inner_.slot(body_.states[k])) continue;
      const auto becomes_the_same = [&](ValueId next) {
        return inner_.slot(next) == inner_.slot(body_.next[k]);
      };
      if (std::count_if(body_.next.begin(), body_.next.end(), becomes_the_same) == 1) return k;
    }
    return std::nullopt;
  }

  /// One buffer with a row more than there are steps holds the states before and after each: `before` and
  /// what is stacked after the step overlap in it.
  void share_history(std::size_t k, SlotId before) {
    const SlotId inner_after = inner_.slot(body_.next[k]);
    SlotId after = no_slot;
    for (const Loop::Link& link : loop_->stacked)
      if (link.inner == inner_after) after = link.outer;
    std::vector<Slot>& slots = outer_.program.slots;
    if (after == no_slot) {
      after = outer_.program.add_slot({.dims = slots[before].dims});
      loop_->stacked.push_back({after, inner_.claim(body_.next[k], Place::outside)});
    }
    const SlotId first = loop_->reverse ? after : before, second = loop_->reverse ? before : after;
    slots[first].has_one_more = true;
    slots[second].alias = first;
    slots[second].next_step = true;
  }

  /// The slot that holds a state after the step: its place among the stacked results, or a pair of buffers.
  SlotId carry(ValueId v) {
    const SlotId source = inner_.slot(v);
    for (const Loop::Link& link : loop_->stacked)
      if (link.inner == source) return source;
    return inner_.claim(v, Place::alternating);
  }

  const Node& node_;
  const ScanBody& body_;
  const PlanOptions& options_;
  Lowering& outer_;
  Lowering inner_;
  std::shared_ptr<Loop> loop_ = std::make_shared<Loop>();
};

void Lowering::emit_loop(const Node& node) {
  const bool needed =
      std::any_of(node.outputs.begin(), node.outputs.end(), [&](ValueId v) { return live(v); });
  if (!needed) return;
  program.code.push_back(LoopLowering(node, *this, graph_, live_, options_).finish());
}

void run_passes(Lowered& lowered, const PlanOptions& options, bool checkpoints) {
  Program& program = lowered.program;
  std::vector<SlotId> kept;
  for (const auto& [value, slot] : lowered.outputs) kept.push_back(slot);
  if (options.runs(passes::transposed_weights)) transpose_weights(program);
  run_in_blocks(program, options);
  if (checkpoints) checkpoint(program, kept);
  if (options.runs(passes::rows_in_blocks)) run_rows_in_blocks(program, kept, options);
  if (options.runs(passes::accumulated_products)) accumulate_products(program, kept);
  if (options.runs(passes::broadcast_once)) broadcast_once(program);
  if (options.runs(passes::fused_chains)) fuse_chains(program, kept);
  find_lifetimes(program, kept);
  if (!options.runs(passes::written_in_place)) return;
  write_in_place(program);
  find_lifetimes(program, kept);
}

}  // namespace

Lowered lower(const Tape& tape, const std::vector<Var>& outputs, const PlanOptions& options,
              bool checkpoints) {
  for (const std::string_view pass : options.without)
    if (std::find(passes::all.begin(), passes::all.end(), pass) == passes::all.end())
      throw std::invalid_argument(
          fmt::format("[Plan] there is no pass '{}'; passes are {}", pass, fmt::join(passes::all, ", ")));
  const ValueGraph graph(tape);
  std::vector<ValueGraph::Vertex> roots;
  for (const Var& v : outputs) roots.push_back(graph.vertex(tape, v.id()));
  const std::vector<bool> live = graph.needed_for(roots);

  Lowering lowering(tape, graph, live, options);
  Lowered lowered;
  std::vector<bool> steady(tape.values().size(), false);
  for (const Node& node : tape.nodes()) {
    const ValueId v = node.outputs.empty() ? -1 : node.outputs[0];
    if (v >= 0 && is_input(*node.op) && lowering.live(v))
      lowered.inputs[v] = lowering.add_slot(v, Place::outside);
    else if (v >= 0 && node.op->source())
      steady[v] = true;
  }
  lowering.emit_all(steady);
  for (const Var& v : outputs)
    if (!lowered.outputs.contains(v.id())) lowered.outputs[v.id()] = lowering.claim_output(v.id());
  lowered.program = std::move(lowering.program);
  run_passes(lowered, options, checkpoints);
  return lowered;
}

}  // namespace unroll
