#include <algorithm>

#include "framework/autodiff/ops/rows.hpp"
#include "framework/plan/ir/access.hpp"
#include "framework/plan/ir/edit.hpp"
#include "framework/plan/passes/block_loop.hpp"
#include "framework/plan/passes/passes.hpp"
#include "framework/plan/passes/step_graph.hpp"

namespace unroll::passes {
namespace {

using namespace ir;

/// A chain reads what it spreads as it is: ahead of the steps all that is spread would have to be stored.
bool in_chains(const StepGraph& graph, std::size_t i, const Program& program) {
  return graph.compute(i).op->rows == Rows::spread &&
         std::ranges::all_of(graph.consumers(i), [&](std::size_t c) {
           const Compute& consumer = graph.compute(c);
           return chainable(*consumer.op) && program.dims(consumer.out) == program.dims(graph.compute(i).out);
         });
}

/// Early: needs no state. Early work over whole arrays leaves the steps, and what it needs. What only follows
/// it elementwise stays: it would have to be stored at the full size of the result.
std::vector<bool> find_hoisting(const StepGraph& graph, const Program& program) {
  std::vector<bool> early(graph.size(), false), hoisted(graph.size(), false);
  for (std::size_t i = 0; i < graph.size(); ++i)
    early[i] = !graph.is_addition(i) && graph.liftable(i) && !graph.only_summed(i) &&
               std::ranges::all_of(graph.compute(i).in, [&](Id in) {
                 const auto producer = graph.producer(in);
                 return producer ? early[*producer] : graph.at_hand(in);
               });
  for (std::size_t i = graph.size(); i-- > 0;) {
    const bool feeds_hoisted =
        std::ranges::any_of(graph.consumers(i), [&](std::size_t c) { return hoisted[c]; });
    hoisted[i] =
        early[i] && (feeds_hoisted || (over_whole_arrays(graph.compute(i)) && !in_chains(graph, i, program)));
  }
  return hoisted;
}

void hoist(Program& program, std::size_t at) {
  const Loop steps = *steps_of(program.code[at]);  // as it was, while it is taken apart
  const StepGraph graph(program, steps);
  const std::vector<bool> hoisted = find_hoisting(graph, program);
  if (std::ranges::find(hoisted, true) == hoisted.end()) return;
  BlockLoop loop(program, program.code, at);
  Code before, rest;
  for (std::size_t i = 0; i < graph.size(); ++i) {
    const Compute& compute = graph.compute(i);
    if (!hoisted[i]) {
      rest.push_back(steps.body[i]);
      continue;
    }
    const Id whole = lift(compute, loop.operands(compute), program, before);
    loop.replace(compute.out, whole);
    loop.steps().slices.push_back({whole, compute.out});
  }
  loop.steps().body = std::move(rest);
  loop.before_steps(std::move(before));
}

}  // namespace

void hoisted_inputs(Program& program) {
  for (std::size_t i = 0; i < program.code.size(); ++i)
    if (steps_of(program.code[i])) hoist(program, i);
  remove_dead(program);
}

}  // namespace unroll::passes
