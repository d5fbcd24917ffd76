#include "framework/plan/graph.hpp"

#include <fmt/format.h>

#include <boost/graph/depth_first_search.hpp>
#include <boost/graph/graphviz.hpp>
#include <ostream>

#include "framework/autodiff/ops/sources.hpp"
#include "framework/autodiff/scan.hpp"

namespace unroll {

ValueGraph::ValueGraph(const Tape& tape) : tape_(tape) { add_tape(tape); }

void ValueGraph::add_tape(const Tape& tape) {
  const Vertex base = boost::num_vertices(graph_);
  base_.emplace(&tape, base);
  for (std::size_t i = 0; i < tape.values().size(); ++i) {
    boost::add_vertex(graph_);
    origin_.emplace_back(&tape, static_cast<ValueId>(i));
  }
  for (const Node& node : tape.nodes()) {
    if (node.op == &scan_op) {
      add_tape(node.attrs.as<ScanAttrs>().body->tape);
      connect_scan(tape, node);
      continue;
    }
    for (const ValueId out : node.outputs)
      for (const ValueId in : node.inputs) boost::add_edge(vertex(tape, out), vertex(tape, in), graph_);
  }
}

void ValueGraph::connect_scan(const Tape& tape, const Node& node) {
  const ScanBody& body = *node.attrs.as<ScanAttrs>().body;
  const auto inside = [&](ValueId id) { return vertex(body.tape, id); };
  const auto outside = [&](ValueId id) { return vertex(tape, id); };
  std::size_t operand = 0;
  for (const ValueId v : body.inputs) boost::add_edge(inside(v), outside(node.inputs[operand++]), graph_);
  for (std::size_t k = 0; k < body.states.size(); ++k) {
    boost::add_edge(inside(body.states[k]), inside(body.next[k]), graph_);
    boost::add_edge(inside(body.states[k]), outside(node.inputs[operand++]), graph_);
  }
  for (const auto& [from, to] : body.tape.captures())
    boost::add_edge(inside(to), outside(node.inputs[operand++]), graph_);
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    const ScanBody::Output& out = body.outputs[i];
    boost::add_edge(outside(node.outputs[i]), inside(out.value), graph_);
    // A final state needs its state to be carried, even where no step reads it.
    if (out.role == ScanBody::Role::final)
      boost::add_edge(outside(node.outputs[i]), inside(body.states[out.state]), graph_);
  }
}

std::vector<bool> ValueGraph::needed_for(const std::vector<Vertex>& roots) const {
  std::vector<boost::default_color_type> colors(boost::num_vertices(graph_), boost::white_color);
  const auto color_map =
      boost::make_iterator_property_map(colors.begin(), boost::get(boost::vertex_index, graph_));
  for (const Vertex root : roots)
    if (colors[root] == boost::white_color)
      boost::depth_first_visit(graph_, root, boost::default_dfs_visitor(), color_map);
  std::vector<bool> needed(colors.size());
  for (std::size_t v = 0; v < colors.size(); ++v) needed[v] = colors[v] != boost::white_color;
  return needed;
}

void ValueGraph::write_dot(std::ostream& out, const std::vector<bool>& live) const {
  const auto label = [&](std::ostream& stream, Vertex v) {
    const auto [tape, id] = origin_[v];
    const Node& node = tape->producer(id);
    const std::string given = input_name(node.attrs);
    const std::string name = given.empty() ? std::string(node.op->name) : given;
    stream << fmt::format("[label=\"{}\\n{}\", shape=box, style={}{}]", name, to_string(tape->value(id).dims),
                          tape == &tape_ ? "rounded" : "filled",
                          live[v] ? "" : ", color=grey, fontcolor=grey");
  };
  boost::write_graphviz(out, graph_, label);
}

}  // namespace unroll
