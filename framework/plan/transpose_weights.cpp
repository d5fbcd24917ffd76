#include <map>

#include "framework/autodiff/ops/rows.hpp"
#include "framework/plan/program.hpp"

namespace unroll {
namespace {

SlotId add_transpose(Program& body, SlotId weight) {
  const Dims dims = body.slots[weight].dims;
  const SlotId out = body.add_slot({.dims = {dims[1], dims[0]}, .place = Place::persistent});
  Instruction transpose{.op = &transpose_op(), .in = {weight}, .out = out};
  transpose.attrs.permutation = {1, 0};
  body.prologue.push_back(std::move(transpose));
  return out;
}

}  // namespace

void transpose_weights(Loop& loop) {
  const std::set<SlotId> steady = steady_slots(loop);
  std::map<SlotId, SlotId> transposed;
  for (Instruction& instruction : loop.body.code) {
    if (instruction.op != &matmul_op() || !instruction.attrs.transpose_b) continue;
    SlotId& weight = instruction.in[1];
    if (!steady.contains(weight) || loop.body.slots[weight].dims.size() != 2) continue;
    if (!transposed.contains(weight)) transposed[weight] = add_transpose(loop.body, weight);
    weight = transposed[weight];
    instruction.attrs.transpose_b = false;
  }
}

// A product of few rows with a transposed matrix runs at half the speed or less (20 rows by 100x100, one
// thread: 37 against 101 GFLOP/s); to transpose the matrix once per run costs no more than a step or two.
void transpose_weights(Program& program) {
  for (Instruction& instruction : program.code)
    if (instruction.loop) transpose_weights(*instruction.loop);
}

}  // namespace unroll
