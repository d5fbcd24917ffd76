#pragma once

#include <optional>
#include <vector>

#include "framework/plan/ir/program.hpp"

namespace unroll::passes {

/// What an instruction does with the rows of its operands: index i of a first axis of `length`, or the k
/// indices from i k on where the axis has `length` times k.
struct RowRoles {
  std::vector<bool> in;  ///< of each operand: it needs as many rows as it makes; else all of it
  bool out;  ///< the result has these rows; else it is a sum over rows, to which more can be added
};

/// Nothing where the instruction needs other rows than those it makes.
std::optional<RowRoles> row_roles(const ir::Instruction& instruction, const ir::Program& program, Dim length);

}  // namespace unroll::passes
