#include <map>

#include "framework/autodiff/ops/products.hpp"
#include "framework/autodiff/ops/rows.hpp"
#include "framework/autodiff/ops/shaping.hpp"
#include "framework/plan/program.hpp"

namespace unroll {
namespace {

SlotId add_transpose(Program& body, SlotId weight) {
  const Dims dims = body.slots[weight].dims;
  const SlotId out = body.add_slot({.dims = {dims[1], dims[0]}, .place = Place::persistent});
  body.prologue.push_back(
      {.op = &transpose_op(), .attrs = TransposeAttrs{{1, 0}}, .in = {weight}, .out = out});
  return out;
}

}  // namespace

void transpose_weights(Loop& loop) {
  const std::set<SlotId> steady = steady_slots(loop);
  std::map<SlotId, SlotId> transposed;
  for (Instruction& instruction : loop.body.code) {
    if (instruction.op->rows != Rows::product) continue;
    MatmulAttrs attrs = instruction.attrs.as<MatmulAttrs>();
    if (!attrs.transpose_b) continue;
    SlotId& weight = instruction.in[1];
    if (!steady.contains(weight) || loop.body.slots[weight].dims.size() != 2) continue;
    if (!transposed.contains(weight)) transposed[weight] = add_transpose(loop.body, weight);
    weight = transposed[weight];
    attrs.transpose_b = false;
    instruction.attrs = attrs;
  }
}

// A product of few rows with a transposed matrix runs at half the speed or less (20 rows by 100x100, one
// thread: 37 against 101 GFLOP/s); to transpose the matrix once per run costs no more than a step or two.
void transpose_weights(Program& program) {
  for (Instruction& instruction : program.code)
    if (instruction.loop) transpose_weights(*instruction.loop);
}

}  // namespace unroll
