#pragma once

#include <vector>

#include "framework/plan/ir/program.hpp"

namespace unroll::passes {

/// An instruction of a step, seen from the block of steps around it: its operands there, and which of them
/// are stacked over the block's steps (the others are the same at every step).
struct BlockOperands {
  std::vector<ir::Id> in;  ///< (R, ...) where stacked
  std::vector<bool> stacked;
};

/// `dims` at every step of a block: (R, ...).
Dims over_block(const Dims& dims);

/// Whether the instruction can be done for all steps of a block at once, given which operands are stacked.
bool can_lift(const ir::Compute& compute, const ir::Program& program, const std::vector<bool>& stacked);
/// Appends it to the block's code. Returns the stacked result.
ir::Id lift(const ir::Compute& compute, const BlockOperands& operands, ir::Program& program, ir::Code& block);

/// The same for its sum over the block's steps, which is added to `onto`.
bool can_lift_sum(const ir::Compute& compute, const ir::Program& program, const std::vector<bool>& stacked);
ir::Id lift_sum(const ir::Compute& compute, const BlockOperands& operands, ir::Id onto, ir::Program& program,
                ir::Code& block);

}  // namespace unroll::passes
