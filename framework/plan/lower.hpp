#pragma once

#include <map>
#include <vector>

#include "framework/autodiff/tape.hpp"
#include "framework/plan/ir/program.hpp"

namespace unroll {

/// A tape as a program that computes `outputs` and nothing else, as it was recorded. The program's outputs
/// are in the order given.
struct Lowered {
  ir::Program program;
  std::map<ValueId, ir::Id> inputs;  ///< live inputs of the tape
};
Lowered lower(const Tape& tape, const std::vector<Var>& outputs);

}  // namespace unroll
