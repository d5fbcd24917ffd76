#include "framework/plan/lift.hpp"

#include <algorithm>

#include "framework/autodiff/ops/products.hpp"

namespace unroll {
namespace {

constexpr Dim R = Dim::block();

bool all(const std::vector<bool>& flags) {
  return std::find(flags.begin(), flags.end(), false) == flags.end();
}

/// (R, ...) with axes of extent 1 behind R, so that the rest stands at the right of `rank` axes.
Dims over_block(const Dims& dims, std::size_t rank) {
  Dims result{R};
  result.insert(result.end(), rank - dims.size(), Dim(1));
  result.insert(result.end(), dims.begin(), dims.end());
  return result;
}

/// The steps' rows as rows of one matrix.
Dims as_rows(const Dims& matrix) { return {R * matrix[0], matrix[1]}; }

bool can_lift_product(const Instruction& product, const Program& step, const std::vector<bool>& stacked) {
  if (step.slots[product.in[0]].dims.size() != 2 || !stacked[0]) return false;
  return stacked[1] || !product.attrs.as<MatmulAttrs>().transpose_a;
}

bool names_axes(Rows rows) {
  return rows == Rows::axes || rows == Rows::reshape || rows == Rows::spread || rows == Rows::sum;
}

/// The ranks that an operand and the result are filled up to: those of the two that must broadcast.
std::size_t operand_rank(const Instruction& instruction, const Program& step, std::size_t i) {
  const std::size_t own = step.slots[instruction.in[i]].dims.size();
  const std::size_t result = step.slots[instruction.out].dims.size();
  return instruction.op->elementwise() || instruction.op->rows == Rows::spread ? std::max(own, result) : own;
}
std::size_t result_rank(const Instruction& instruction, const Program& step) {
  const std::size_t own = step.slots[instruction.out].dims.size();
  return instruction.op->rows == Rows::sum ? std::max(own, step.slots[instruction.in[0]].dims.size()) : own;
}

}  // namespace

Dims over_block(const Dims& dims) { return over_block(dims, dims.size()); }

SlotId view(Program& program, SlotId slot, Dims dims) {
  if (program.slots[slot].dims == dims) return slot;
  return program.add_slot({.dims = std::move(dims), .kind = program.slots[slot].kind, .alias = slot});
}

bool can_lift(const Instruction& instruction, const Program& step, const std::vector<bool>& stacked) {
  switch (instruction.op->rows) {
    case Rows::none:
    case Rows::scatter:
      return false;
    case Rows::elementwise:
      return std::find(stacked.begin(), stacked.end(), true) != stacked.end();
    case Rows::last_axis:
    case Rows::reshape:
    case Rows::spread:
    case Rows::sum:
    case Rows::axes:
      return all(stacked);
    case Rows::table:
      return !stacked[0] && std::all_of(stacked.begin() + 1, stacked.end(), [](bool s) { return s; });
    case Rows::product:
      return can_lift_product(instruction, step, stacked);
  }
  return false;
}

void lift(const Instruction& instruction, const Program& step, const BlockOperands& in, SlotId out,
          Program& block) {
  Instruction lifted{.op = instruction.op, .attrs = instruction.attrs, .in = in.slots, .out = out};
  if (instruction.op->rows == Rows::product && !in.stacked[1]) {
    lifted.in[0] = view(block, in.slots[0], as_rows(step.slots[instruction.in[0]].dims));
    lifted.out = view(block, out, as_rows(step.slots[instruction.out].dims));
  } else if (instruction.op->elementwise() || names_axes(instruction.op->rows)) {
    if (instruction.op->behind_rows) lifted.attrs = instruction.op->behind_rows(instruction.attrs);
    for (std::size_t i = 0; i < in.slots.size(); ++i)
      if (in.stacked[i])
        lifted.in[i] =
            view(block, in.slots[i],
                 over_block(step.slots[instruction.in[i]].dims, operand_rank(instruction, step, i)));
    lifted.out =
        view(block, out, over_block(step.slots[instruction.out].dims, result_rank(instruction, step)));
  }
  block.code.push_back(std::move(lifted));
}

bool can_lift_sum(const Instruction& instruction, const Program& step, const std::vector<bool>& stacked) {
  if (!instruction.op->accumulates || instruction.op->rows == Rows::last_axis || !all(stacked)) return false;
  if (instruction.op->rows != Rows::product) return true;
  return step.slots[instruction.in[0]].dims.size() == 2 &&
         instruction.attrs == MatmulAttrs{.transpose_a = true};
}

void lift_sum(const Instruction& instruction, const Program& step, const BlockOperands& in, SlotId out,
              Program& block) {
  Instruction sum{
      .op = instruction.op, .attrs = instruction.attrs, .in = in.slots, .out = out, .accumulate = true};
  if (instruction.op->rows == Rows::product)
    for (std::size_t i = 0; i < 2; ++i)
      sum.in[i] = view(block, in.slots[i], as_rows(step.slots[instruction.in[i]].dims));
  block.code.push_back(std::move(sum));
}

}  // namespace unroll
