#pragma once

#include <vector>

#include "framework/autodiff/tape.hpp"

namespace unroll {

/// A node of a scan's step once more on another tape; `operand` gives there what it is made of.
template <class Operand>
Var record_again(const Node& node, Tape& onto, Operand operand) {
  std::vector<Var> operands;
  for (const ValueId v : node.inputs) operands.push_back(operand(v));
  return onto.record(*node.op, operands, node.attrs);
}

}  // namespace unroll
