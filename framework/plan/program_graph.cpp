#include "framework/plan/program_graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/graphviz.hpp>
#include <map>
#include <ostream>

#include "framework/autodiff/ops/sources.hpp"

namespace unroll {
namespace {

/// How often an instruction runs.
enum class Pace { input, once, blocks, steps };

struct VertexLabel {
  std::string text;
  Pace pace = Pace::once;
  bool backward = false;
  bool state = false;
};
struct EdgeLabel {
  bool next_step = false;
};
using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS, VertexLabel, EdgeLabel>;
using Vertex = Graph::vertex_descriptor;

/// Vertices that make the values of a program's slots.
using Makers = std::map<SlotId, std::vector<Vertex>>;

std::string shape_text(const Slot& slot) { return to_string(slot.dims); }

std::string label_of(const Program& program, const Instruction& instruction) {
  if (!instruction.fused)
    return fmt::format("{}\\n{}", instruction.op->name, shape_text(program.slots[instruction.out]));
  std::string names;
  const auto& chain = instruction.fused->chain;
  for (std::size_t i = 0; i < chain.size(); ++i)
    names += fmt::format("{}{}", i == 0 ? "" : i % 4 == 0 ? ",\\n" : ", ", chain[i].op->name);
  return fmt::format("{}\\n{}", names, to_string(instruction.fused->dims));
}

class Drawing {
 public:
  explicit Drawing(const Lowered& lowered) : lowered_(lowered) {}

  Graph draw(const Tape& tape, SlotId last_forward) {
    Makers makers;
    for (const auto& [value, slot] : lowered_.inputs)
      makers[slot] = {add({input_name(tape.producer(value).attrs) + "\\n" + to_string(tape.value(value).dims),
                           Pace::input, false, false})};
    const Program& program = lowered_.program;
    for (const Instruction& i : program.prologue) instruction(program, i, makers, Pace::once);
    for (const Instruction& i : program.code) {
      instruction(program, i, makers, Pace::once);
      const std::vector<SlotId> written = writes(i);
      if (std::ranges::find(written, last_forward) != written.end()) backward_ = true;
    }
    return std::move(graph_);
  }

 private:
  Vertex add(VertexLabel label) { return boost::add_vertex(std::move(label), graph_); }

  void connect(const Program& program, Makers& makers, SlotId slot, Vertex to) {
    for (const Vertex from : makers[program.root(slot)])
      if (from != to && !boost::edge(from, to, graph_).second) boost::add_edge(from, to, {}, graph_);
  }

  void instruction(const Program& program, const Instruction& i, Makers& makers, Pace pace) {
    if (i.loop) return loop(program, *i.loop, makers);
    const Vertex v = add({label_of(program, i), pace, backward_, false});
    for (const SlotId slot : i.in) connect(program, makers, slot, v);
    for (const SlotId slot : writes(i)) {
      std::vector<Vertex>& known = makers[program.root(slot)];
      if (!i.accumulate) known.clear();
      known.push_back(v);
    }
  }

  void loop(const Program& program, const Loop& loop, Makers& outer) {
    const bool steps = loop.stride == Dim(1);
    Makers inner;
    const auto enter = [&](SlotId from, SlotId to) { inner[loop.body.root(to)] = outer[program.root(from)]; };
    for (const auto* links : {&loop.slices, &loop.captures, &loop.checkpoints, &loop.accumulated})
      for (const Loop::Link& link : *links) enter(link.outer, link.inner);
    std::map<SlotId, Vertex> states;
    for (const Loop::State& state : loop.states) {
      enter(state.initial, state.before);
      if (!steps) continue;
      const Vertex v =
          add({"state\\n" + shape_text(loop.body.slots[state.before]), Pace::steps, backward_, true});
      connect(program, outer, state.initial, v);
      inner[loop.body.root(state.before)] = {v};
      states[state.before] = v;
    }
    for (const Instruction& i : loop.body.prologue) instruction(loop.body, i, inner, Pace::once);
    for (const Instruction& i : loop.body.code)
      instruction(loop.body, i, inner, steps ? Pace::steps : Pace::blocks);
    for (const auto& [before, v] : states) carry(loop, inner, before, v);
    leave(program, loop, inner, outer);
  }

  void carry(const Loop& loop, Makers& inner, SlotId before, Vertex v) {
    for (const Loop::State& state : loop.states) {
      if (state.before != before) continue;
      for (const Vertex from : inner[loop.body.root(state.after)])
        if (from != v) boost::add_edge(from, v, {.next_step = true}, graph_);
    }
  }

  static void leave(const Program& program, const Loop& loop, Makers& inner, Makers& outer) {
    const auto give = [&](SlotId from, SlotId to) {
      if (to != no_slot) outer[program.root(to)] = inner[loop.body.root(from)];
    };
    for (const auto* links : {&loop.stacked, &loop.summed, &loop.accumulated})
      for (const Loop::Link& link : *links) give(link.inner, link.outer);
    for (const Loop::State& state : loop.states) {
      give(state.after, state.final);
      give(state.after, state.history);
    }
  }

  const Lowered& lowered_;
  Graph graph_;
  bool backward_ = false;
};

std::string_view color_of(const VertexLabel& label) {
  if (label.pace == Pace::input) return "#dddddd";
  const bool in_loop = label.pace == Pace::steps;
  if (label.backward) return in_loop ? "#f4a259" : "#fbe3c8";
  return in_loop ? "#6ba3d6" : "#d5e6f5";
}

}  // namespace

void write_plan_dot(std::ostream& out, const Tape& tape, const std::vector<Var>& outputs,
                    std::size_t forward_outputs, const PlanOptions& options) {
  const Lowered lowered = lower(tape, outputs, options, false);
  const SlotId last_forward =
      forward_outputs == 0 ? no_slot : lowered.outputs.at(outputs[forward_outputs - 1].id());
  const Graph graph = Drawing(lowered).draw(tape, last_forward);
  boost::write_graphviz(
      out, graph,
      [&](std::ostream& stream, Vertex v) {
        const VertexLabel& label = graph[v];
        stream << fmt::format("[label=\"{}\", shape={}, style=\"filled\", fillcolor=\"{}\"]", label.text,
                              label.state                 ? "ellipse"
                              : label.pace == Pace::input ? "plain"
                                                          : "box",
                              color_of(label));
      },
      [&](std::ostream& stream, Graph::edge_descriptor e) {
        if (graph[e].next_step) stream << "[style=dashed, constraint=false]";
      },
      [&](std::ostream& stream) {
        stream << "graph [rankdir=TB, fontname=\"Helvetica\"]\nnode [fontname=\"Helvetica\", fontsize=10]\n";
      });
}

}  // namespace unroll
