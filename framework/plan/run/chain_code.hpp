#pragma once

#include <vector>

#include "framework/plan/ir/access.hpp"
#include "framework/plan/ir/program.hpp"
#include "framework/tensor/chain.hpp"

namespace unroll {

/// A chain as the kernels run it, whatever its sizes. Operands are numbered: inputs, then results, then
/// values that never leave the chain, of which those not alive together share a number, then the running
/// values of sums.
struct ChainCode {
  struct Input {
    ir::Access access;
    Dims dims;
  };

  Dims dims;
  std::vector<ir::Id> values;  ///< of inputs and results
  std::vector<Input> inputs;
  std::vector<Dims> results;  ///< their dims
  struct Sum {
    int total, running;
    int onto = -1;  ///< what the total begins with
  };
  std::vector<Sum> sums;
  std::size_t inner = 0;
  std::vector<ChainStep> steps;
};

ChainCode chain_code(const ir::Program& program, const ir::Chain& chain);

}  // namespace unroll
