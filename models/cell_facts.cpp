#include "models/cell_facts.hpp"

#include <ostream>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/scan.hpp"
#include "framework/plan/plan.hpp"
#include "framework/plan/program_graph.hpp"

namespace unroll {
namespace {

using sizes::B;
using sizes::T;

/// The cell over T steps from given states.
struct Unrolled {
  Unrolled(const Cell& cell, std::int64_t input_size)
      : specs(cell.parameters()), p(tape, specs), x(tape.input("x", {T, B, input_size})) {
    std::vector<Var> initial;
    for (const StateSpec& state : cell.states())
      initial.push_back(tape.input(state.name + "_0", state.dims(B)));
    scanned = scan([&](const auto& in, const auto& state) { return Step{cell.step(p, in[0], state).state}; },
                   {x}, initial);
  }

  Tape tape;
  std::vector<ParameterSpec> specs;
  Parameters p;
  Var x;
  Scanned scanned;
};

}  // namespace

std::int64_t count_parameters(const Cell& cell) {
  std::int64_t count = 0;
  for (const ParameterSpec& spec : cell.parameters()) count += spec.shape.numel();
  return count;
}

double flops_per_step(const Cell& cell, std::int64_t input_size) {
  const Unrolled net(cell, input_size);
  const Plan<float> plan(net.tape, net.scanned.state_trajectory);
  // What runs once per run, such as a matrix made of a parameter, counts in both.
  return (plan.flops({.time = 1001, .batch = 1}) - plan.flops({.time = 1, .batch = 1})) / 1000;
}

void write_cell_dot(std::ostream& out, const Cell& cell, std::int64_t input_size) {
  Unrolled net(cell, input_size);
  const Var loss = sum(square(net.scanned.final_state[0]));
  std::vector<Var> outputs = {loss};
  for (const Var& g : gradients(loss, net.p.all())) outputs.push_back(g);
  write_plan_dot(out, net.tape, outputs, 1);
}

}  // namespace unroll
