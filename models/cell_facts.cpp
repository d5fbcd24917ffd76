#include "models/cell_facts.hpp"

#include <ostream>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/plan/draw.hpp"
#include "framework/plan/plan.hpp"
#include "models/unrolled_cell.hpp"

namespace unroll {
std::int64_t count_parameters(const Cell& cell) {
  std::int64_t count = 0;
  for (const ParameterSpec& spec : cell.parameters()) count += spec.shape.numel();
  return count;
}

double flops_per_step(const Cell& cell, std::int64_t input_size) {
  const UnrolledCell net(cell, input_size);
  const Plan<float> plan(net.tape, net.scanned.state_trajectory);
  // What runs once per run, such as a matrix made of a parameter, counts in both.
  return (plan.flops({.time = 1001, .batch = 1}) - plan.flops({.time = 1, .batch = 1})) / 1000;
}

/// Of a state that no step reads the whole trajectory: the last one would be made behind the steps.
void write_cell_dot(std::ostream& out, const Cell& cell, std::int64_t input_size) {
  UnrolledCell net(cell, input_size);
  const Var last = net.scanned.final_state[0];
  const bool of_step = net.tape.producer(last.id()).op == &scan_op;
  const Var loss = sum(square(of_step ? last : net.scanned.state_trajectory[0]));
  std::vector<Var> outputs = {loss};
  for (const Var& g : gradients(loss, net.p.all())) outputs.push_back(g);
  write_plan_dot(out, net.tape, outputs, 1);
}

}  // namespace unroll
