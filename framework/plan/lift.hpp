#pragma once

#include <span>

#include "framework/plan/program.hpp"

namespace unroll {

/// An instruction of a step, seen from the block of steps around it: which of its operands are stacked over
/// the block's steps (the others are the same at every step), and their slots there.
struct BlockOperands {
  std::vector<SlotId> slots;  ///< of the block's program: (R, ...) where stacked
  std::vector<bool> stacked;
};

/// `dims` at every step of a block: (R, ...).
Dims over_block(const Dims& dims);

/// Another shape for the bytes of `slot`.
SlotId view(Program& program, SlotId slot, Dims dims);

/// Whether the instruction can be done for all steps of a block at once, given which operands are stacked.
bool can_lift(const Instruction& instruction, const Program& step, const std::vector<bool>& stacked);

/// Appends it to `block`; `out` is the stacked result.
void lift(const Instruction& instruction, const Program& step, const BlockOperands& in, SlotId out,
          Program& block);

/// The same for the sum over the block's steps, which is added to `out`.
bool can_lift_sum(const Instruction& instruction, const Program& step, const std::vector<bool>& stacked);
void lift_sum(const Instruction& instruction, const Program& step, const BlockOperands& in, SlotId out,
              Program& block);

}  // namespace unroll
