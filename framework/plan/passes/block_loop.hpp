#pragma once

#include <map>

#include "framework/plan/ir/program.hpp"
#include "framework/plan/passes/lift.hpp"

namespace unroll::passes {

/// A loop over steps as a loop over blocks of steps, in whose body the steps are one instruction: what leaves
/// the steps goes before or behind it.
class BlockLoop {
 public:
  /// `code[at]` is a loop over steps, which is put into blocks, or one over blocks already.
  BlockLoop(ir::Program& program, ir::Code& code, std::size_t at);

  ir::Loop& block() { return *code_[at_].loop(); }
  ir::Loop& steps() { return *block().body[steps_at()].loop(); }

  /// What the block has of the operands of an instruction of the steps. A value that the steps make is
  /// stacked.
  BlockOperands operands(const ir::Compute& compute);
  ir::Id up(ir::Id value);

  /// The result of an instruction that has left the steps.
  void replace(ir::Id value, ir::Id stacked);

  void before_steps(ir::Code code);
  void after_steps(ir::Code code);

 private:
  std::size_t steps_at();
  bool own_to_steps(ir::Id value);

  ir::Program& program_;
  ir::Code& code_;
  std::size_t at_;
  std::map<ir::Id, ir::Id> moved_;  ///< results of what has left the steps, and where the block has them
};

/// The loop over steps in `instruction`, which may be in blocks already; null where there is none.
ir::Loop* steps_of(ir::Instruction& instruction);

}  // namespace unroll::passes
