#include "framework/plan/draw.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/graphviz.hpp>
#include <map>
#include <ostream>

#include "framework/plan/ir/uses.hpp"
#include "framework/plan/lower.hpp"

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

using ir::Id;

/// Where the program's values come from.
using Makers = std::map<Id, std::vector<Vertex>>;

class Drawing {
 public:
  explicit Drawing(const ir::Program& program) : program_(program) {}

  /// What comes behind the instruction that makes `last_forward` is drawn as the backward pass.
  Graph draw(Id last_forward) {
    for (const Id input : program_.inputs)
      makers_[input] = {
          add({program_.values[static_cast<std::size_t>(input)].name + "\\n" + shape(input), Pace::input})};
    for (const ir::Code* part : {&program_.once, &program_.code})
      for (const ir::Instruction& i : *part) {
        instruction(i, Pace::once);
        each_result(i, [&](Id id) { backward_ = backward_ || id == last_forward; });
      }
    return std::move(graph_);
  }

 private:
  std::string shape(Id id) const { return to_string(program_.dims(id)); }

  Vertex add(VertexLabel label) {
    label.backward = backward_;
    return boost::add_vertex(std::move(label), graph_);
  }

  void connect(Id id, Vertex to) {
    for (const Vertex from : makers_[id])
      if (from != to && !boost::edge(from, to, graph_).second) boost::add_edge(from, to, {}, graph_);
  }

  std::string label_of(const ir::Instruction& instruction) const {
    if (const ir::Compute* compute = instruction.compute())
      return fmt::format("{}\\n{}", compute->op->name, shape(compute->out));
    const ir::Chain& chain = *instruction.chain();
    std::string names;
    for (std::size_t i = 0; i < chain.links.size(); ++i)
      names += fmt::format("{}{}", i == 0 ? "" : i % 4 == 0 ? ",\\n" : ", ", chain.links[i].op->name);
    return fmt::format("{}\\n{}", names, to_string(chain.dims));
  }

  /// Another shape, and constants, are nothing to look at.
  static bool is_drawn(const ir::Instruction& instruction) {
    const ir::Compute* compute = instruction.compute();
    return !compute || (compute->op->rows != Rows::reshape && !compute->in.empty());
  }

  void instruction(const ir::Instruction& i, Pace pace) {
    if (i.loop()) return loop(*i.loop());
    if (!is_drawn(i)) {
      const ir::Compute& compute = *i.compute();
      makers_[compute.out] = compute.in.empty() ? std::vector<Vertex>{} : makers_[compute.in[0]];
      return;
    }
    const Vertex v = add({label_of(i), pace});
    each_operand(i, [&](Id id) { connect(id, v); });
    each_result(i, [&](Id id) { makers_[id] = {v}; });
  }

  void loop(const ir::Loop& loop) {
    const bool steps = loop.is<ir::Loop::Steps>();
    for (const ir::Loop::Slice& slice : loop.slices) makers_[slice.part] = makers_[slice.whole];
    std::vector<std::pair<Vertex, const ir::Loop::State*>> states;
    for (const ir::Loop::State& state : loop.states) {
      makers_[state.before] = makers_[state.initial];
      if (!steps) continue;
      const Vertex v = add({"state\\n" + shape(state.before), Pace::steps});
      graph_[v].state = true;
      connect(state.initial, v);
      makers_[state.before] = {v};
      states.emplace_back(v, &state);
    }
    for (const ir::Instruction& i : loop.body) instruction(i, steps ? Pace::steps : Pace::blocks);
    for (const auto& [v, state] : states)
      for (const Vertex from : makers_[state->after])
        if (from != v) boost::add_edge(from, v, {.next_step = true}, graph_);
    for (const ir::Loop::Stack& stack : loop.stacks) makers_[stack.whole] = makers_[stack.part];
    for (const ir::Loop::State& state : loop.states)
      if (state.final != ir::none) makers_[state.final] = makers_[state.after];
  }

  const ir::Program& program_;
  Graph graph_;
  Makers makers_;
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
  ir::Program program = lower(tape, outputs).program;
  run_passes(program, options, false);
  const Graph graph =
      Drawing(program).draw(forward_outputs == 0 ? ir::none : program.outputs[forward_outputs - 1]);
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
