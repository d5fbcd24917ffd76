#pragma once

#include <boost/graph/adjacency_list.hpp>
#include <iosfwd>
#include <map>
#include <vector>

#include "framework/autodiff/tape.hpp"

namespace unroll {

/// A tape as a Boost graph: one vertex per value, of the tape and of every scan's step, and an edge from each
/// value to those it is computed from. A state before a step depends on the state after the step before, so
/// that what is reachable through any number of steps is reachable in the graph.
class ValueGraph {
 public:
  using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;
  using Vertex = Graph::vertex_descriptor;

  explicit ValueGraph(const Tape& tape);

  Vertex vertex(const Tape& tape, ValueId id) const { return base_.at(&tape) + static_cast<Vertex>(id); }
  const Graph& graph() const { return graph_; }

  /// Everything that `roots` are computed from, the roots included.
  std::vector<bool> needed_for(const std::vector<Vertex>& roots) const;

  /// Graphviz DOT: what is `live` solid, the rest grey; values of a scan's step are filled.
  void write_dot(std::ostream& out, const std::vector<bool>& live) const;

 private:
  void add_tape(const Tape& tape);
  void connect_scan(const Tape& tape, const Node& node);

  const Tape& tape_;
  Graph graph_;
  std::map<const Tape*, Vertex> base_;
  std::vector<std::pair<const Tape*, ValueId>> origin_;
};

}  // namespace unroll
