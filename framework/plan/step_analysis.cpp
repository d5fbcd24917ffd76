#include "framework/plan/step_analysis.hpp"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/depth_first_search.hpp>

#include "framework/plan/lift.hpp"

namespace unroll {
namespace {

using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;

/// Instructions from which an edge leads to those that compute their operands.
std::vector<bool> reachable(const Graph& graph, const std::vector<std::size_t>& roots) {
  std::vector<boost::default_color_type> colors(boost::num_vertices(graph), boost::white_color);
  const auto color_map =
      boost::make_iterator_property_map(colors.begin(), boost::get(boost::vertex_index, graph));
  for (const std::size_t root : roots)
    if (colors[root] == boost::white_color)
      boost::depth_first_visit(graph, root, boost::default_dfs_visitor(), color_map);
  std::vector<bool> reached(colors.size());
  for (std::size_t v = 0; v < colors.size(); ++v) reached[v] = colors[v] != boost::white_color;
  return reached;
}

}  // namespace

StepAnalysis::StepAnalysis(const Loop& loop, const PlanOptions& options)
    : loop_(loop),
      producer_(loop.body.slots.size(), -1),
      steady_(loop.body.slots.size(), false),
      at_hand_(loop.body.slots.size(), false),
      own_to_step_(loop.body.slots.size(), false),
      consumers_(loop.body.slots.size()),
      observed_(loop.body.slots.size(), false),
      only_summed_(loop.body.code.size(), false),
      when_(loop.body.code.size(), When::in_steps) {
  const Program& step = loop.body;
  for (const SlotId slot : steady_slots(loop)) steady_[slot] = at_hand_[slot] = true;
  for (const Loop::Link& link : loop.slices) at_hand_[link.inner] = true;
  for (const Loop::State& state : loop.states) own_to_step_[state.before] = true;
  for (const SlotId slot : loop.step_index) own_to_step_[slot] = true;
  for (const Loop::State& state : loop.states) observed_[step.root(state.after)] = true;
  for (const Loop::Link& link : loop.stacked) observed_[step.root(link.inner)] = true;

  Graph graph(step.code.size());
  for (std::size_t i = 0; i < step.code.size(); ++i) {
    for (const SlotId in : step.code[i].in) {
      const SlotId root = step.root(in);
      consumers_[root].push_back(i);
      if (producer_[root] >= 0) boost::add_edge(i, static_cast<std::size_t>(producer_[root]), graph);
    }
    producer_[step.code[i].out] = static_cast<int>(i);
  }
  std::vector<std::size_t> next;
  for (const Loop::State& state : loop.states)
    if (const auto i = producer(state.after)) next.push_back(*i);
  feeds_state_ = reachable(graph, next);

  find_sums();
  find_late();
  if (options.runs(passes::sunk_results)) sink();
  if (options.runs(passes::hoisted_inputs)) hoist();
}

bool StepAnalysis::leaves_the_loop() const {
  return std::any_of(when_.begin(), when_.end(), [](When when) { return when != When::in_steps; });
}

std::optional<std::size_t> StepAnalysis::producer(SlotId slot) const {
  const int i = producer_[loop_.body.root(slot)];
  return i < 0 ? std::nullopt : std::optional(static_cast<std::size_t>(i));
}

bool StepAnalysis::computed_in_steps(SlotId slot) const {
  const auto i = producer(slot);
  return i && when_[*i] == When::in_steps;
}

bool StepAnalysis::comes_from_block(SlotId slot) const {
  if (const auto i = producer(slot)) return when_[*i] == When::before;
  return at_hand_[loop_.body.root(slot)];
}

std::vector<bool> StepAnalysis::stacked(const Instruction& instruction) const {
  std::vector<bool> flags;
  for (const SlotId in : instruction.in) flags.push_back(!steady(in));
  return flags;
}

/// What reads the step's index stays with it: a block has no value that holds all of its steps' indices.
bool StepAnalysis::liftable(std::size_t i) const {
  const Instruction& instruction = loop_.body.code[i];
  const auto is_index = [&](SlotId in) {
    return std::find(loop_.step_index.begin(), loop_.step_index.end(), loop_.body.root(in)) !=
           loop_.step_index.end();
  };
  if (std::any_of(instruction.in.begin(), instruction.in.end(), is_index)) return false;
  return only_summed_[i] || can_lift(instruction, loop_.body, stacked(instruction));
}

void StepAnalysis::find_sums() {
  for (const Loop::Link& link : loop_.summed) {
    const SlotId root = loop_.body.root(link.inner);
    const auto i = producer(root);
    if (!i || root != link.inner || observed_[root] || !consumers_[root].empty()) continue;
    const Instruction& instruction = loop_.body.code[*i];
    only_summed_[*i] = can_lift_sum(instruction, loop_.body, stacked(instruction));
  }
}

/// Late: no later step needs it, and all that needs it in this step can wait as well.
void StepAnalysis::find_late() {
  late_.resize(when_.size());
  for (std::size_t i = late_.size(); i-- > 0;) {
    const std::vector<std::size_t>& consumers = consumers_[loop_.body.code[i].out];
    late_[i] = !feeds_state_[i] && liftable(i) &&
               std::all_of(consumers.begin(), consumers.end(), [&](std::size_t c) { return late_[c]; });
  }
}

/// Late work over whole arrays leaves the steps, and what needs its results. An elementwise late result stays
/// where its operands are: to stack them would cost more than to stack the result.
void StepAnalysis::sink() {
  const Program& step = loop_.body;
  std::vector<bool> had = at_hand_;  // by root slot: the block has it, or will have it anyway
  for (const Loop::Link& link : loop_.stacked) had[step.root(link.inner)] = true;
  for (std::size_t i = 0; i < when_.size(); ++i) {
    if (!late_[i]) continue;
    const std::vector<SlotId>& in = step.code[i].in;
    const auto needs_sunk = [&](SlotId q) {
      const auto p = producer(q);
      return p && when_[*p] == When::after;
    };
    const bool all_had = std::all_of(in.begin(), in.end(), [&](SlotId q) { return had[step.root(q)]; });
    const bool whole = !step.code[i].op->elementwise();
    if (!whole && !all_had && std::none_of(in.begin(), in.end(), needs_sunk)) continue;
    when_[i] = When::after;
    had[step.code[i].out] = true;
  }
}

/// Early: needs no state. Early work over whole arrays leaves the steps, and what it needs. What only follows
/// it elementwise stays: it would have to be stored at the full size of the result.
void StepAnalysis::hoist() {
  const Program& step = loop_.body;
  std::vector<bool> early(when_.size());
  for (std::size_t i = 0; i < when_.size(); ++i) {
    const std::vector<SlotId>& in = step.code[i].in;
    early[i] = when_[i] == When::in_steps && !only_summed_[i] && liftable(i) &&
               std::all_of(in.begin(), in.end(), [&](SlotId q) {
                 const auto p = producer(q);
                 return p ? early[*p] : at_hand_[step.root(q)];
               });
  }
  for (std::size_t i = when_.size(); i-- > 0;) {
    const std::vector<std::size_t>& consumers = consumers_[step.code[i].out];
    const bool feeds_hoisted = std::any_of(consumers.begin(), consumers.end(),
                                           [&](std::size_t c) { return when_[c] == When::before; });
    if (early[i] && (feeds_hoisted || !step.code[i].op->elementwise())) when_[i] = When::before;
  }
}

}  // namespace unroll
