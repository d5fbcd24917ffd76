#include <algorithm>

#include "framework/autodiff/ops/rows.hpp"
#include "framework/autodiff/ops/shaping.hpp"
#include "framework/plan/ir/access.hpp"
#include "framework/plan/ir/edit.hpp"
#include "framework/plan/passes/block_loop.hpp"
#include "framework/plan/passes/passes.hpp"
#include "framework/plan/passes/step_graph.hpp"

namespace unroll::passes {
namespace {

using namespace ir;

/// Elementwise work on a matrix for each sequence, or a sum of it: the step does it where it goes through the
/// rows anyway, and a block's steps of many elements, whatever their rows, are more than stays in the cache.
bool on_matrices(const Compute& compute, const Program& program) {
  constexpr std::int64_t many_elements = 1024;
  const bool sum = sums(*compute.op);
  const Dims& dims = program.dims(sum ? compute.in[0] : compute.out);
  return (sum || chainable(*compute.op)) &&
         (of_rows(dims) || (dims.size() >= 3 && numel(dims).number() >= many_elements));
}

/// A sum over the batch of vectors that the step makes. Where a product over the batch reads vectors of that
/// shape, a block's are kept for it, and summed where they are; else the step adds them up on the way.
bool adds_up_vectors(const StepGraph& graph, std::size_t i, const Program& program) {
  const Compute& sum = graph.compute(i);
  if (!sums(*sum.op)) return false;
  const Dims& vectors = program.dims(sum.in[0]);
  if (!of_vectors(vectors) || !sums_by_row(program.dims(sum.out), vectors) || graph.calls_on(vectors))
    return false;
  for (std::size_t c = 0; c < graph.size(); ++c)
    if (graph.over_batch(c, vectors)) return false;
  const auto producer = graph.producer(sum.in[0]);
  return producer && graph.compute(*producer).op->elementwise();
}

/// Late: no later step needs it, and all that needs it in this step can wait as well.
std::vector<bool> late(const StepGraph& graph, const Program& program) {
  std::vector<bool> late(graph.size(), false);
  for (std::size_t i = graph.size(); i-- > 0;)
    late[i] = !graph.is_addition(i) && !graph.feeds_state(i) && graph.liftable(i) &&
              !on_matrices(graph.compute(i), program) && !adds_up_vectors(graph, i, program) &&
              std::ranges::all_of(graph.consumers(i), [&](std::size_t c) { return late[c]; });
  return late;
}

/// Late work over whole arrays leaves the steps, and what needs its results. An elementwise late result stays
/// where its operands are: to stack them would cost more than to stack the result.
std::vector<bool> find_sinking(const Program& program, const Loop& steps, const StepGraph& graph) {
  std::vector<bool> had(program.values.size());  // the block has it, or will have it anyway
  for (std::size_t id = 0; id < had.size(); ++id) had[id] = graph.at_hand(static_cast<Id>(id));
  for (const Loop::Stack& stack : steps.stacks) had[stack.part] = true;
  const std::vector<bool> can_wait = late(graph, program);
  std::vector<bool> sinks(graph.size(), false);
  for (std::size_t i = 0; i < graph.size(); ++i) {
    if (!can_wait[i]) continue;
    const Compute& compute = graph.compute(i);
    const bool all_had = std::ranges::all_of(compute.in, [&](Id in) { return had[in]; });
    const bool needs_sunk = std::ranges::any_of(compute.in, [&](Id in) {
      const auto producer = graph.producer(in);
      return producer && sinks[*producer];
    });
    if (!over_whole_arrays(compute) && !all_had && !needs_sunk) continue;
    sinks[i] = had[compute.out] = true;
  }
  return sinks;
}

class Sinking {
 public:
  Sinking(Program& program, BlockLoop& loop, const StepGraph& graph, const std::vector<bool>& sinks)
      : program_(program), loop_(loop), graph_(graph), sinks_(sinks), gone_(sinks) {}

  void run() {
    Code after;
    for (std::size_t i = 0; i < graph_.size(); ++i)
      if (sinks_[i] && !graph_.only_summed(i))
        loop_.replace(graph_.compute(i).out,
                      lift(graph_.compute(i), loop_.operands(graph_.compute(i)), program_, after));
    std::vector<std::size_t> states;
    for (const StepGraph::Sum& sum : graph_.sums()) {
      const auto producer = graph_.producer(sum.addend);
      if (!producer || !sinks_[*producer]) continue;
      add_up(sum, *producer, after);
      gone_[sum.addition] = true;
      states.push_back(sum.state);
    }
    leave(states);
    loop_.after_steps(std::move(after));
  }

 private:
  /// The block adds to the sum, instead of its steps.
  void add_up(const StepGraph::Sum& sum, std::size_t producer, Code& after) {
    Loop::State& state = loop_.block().states[sum.state];
    if (graph_.only_summed(producer)) {
      const Compute& compute = graph_.compute(producer);
      state.after = lift_sum(compute, loop_.operands(compute), state.before, program_, after);
      return;
    }
    state.after =
        append(program_, after, sum_to_op(), {loop_.up(sum.addend)}, DimsAttrs{program_.dims(sum.addend)});
    after.back().compute()->onto = state.before;
  }

  void leave(const std::vector<std::size_t>& states) {
    Loop& steps = loop_.steps();
    Code rest;
    for (std::size_t i = 0; i < steps.body.size(); ++i)
      if (!gone_[i]) rest.push_back(std::move(steps.body[i]));
    steps.body = std::move(rest);
    for (auto k = states.rbegin(); k != states.rend(); ++k)
      steps.states.erase(steps.states.begin() + static_cast<std::ptrdiff_t>(*k));
  }

  Program& program_;
  BlockLoop& loop_;
  const StepGraph& graph_;
  const std::vector<bool>& sinks_;
  std::vector<bool> gone_;
};

void sink(Program& program, std::size_t at) {
  Loop steps = *steps_of(program.code[at]);  // as it was, while it is taken apart
  const StepGraph graph(program, steps);
  const std::vector<bool> sinks = find_sinking(program, steps, graph);
  if (std::ranges::find(sinks, true) == sinks.end()) return;
  BlockLoop loop(program, program.code, at);
  Sinking(program, loop, graph, sinks).run();
}

}  // namespace

void sunk_results(Program& program) {
  for (std::size_t i = 0; i < program.code.size(); ++i)
    if (steps_of(program.code[i])) sink(program, i);
  remove_dead(program);
}

}  // namespace unroll::passes
