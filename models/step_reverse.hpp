#pragma once

#include <vector>

#include "framework/autodiff/tape.hpp"

namespace unroll {

/// The gradients that a recorded step hands back to the states that it read, vᵀJ for J = ∂after/∂before: ops
/// on the same tape, to be differentiated again. `cotangents` has the shapes of `after`. Values that depend
/// on `held` are constants to that.
std::vector<Var> pulled_back(const std::vector<Var>& before, const std::vector<Var>& after,
                             const std::vector<Var>& cotangents, const std::vector<Var>& held = {});

}  // namespace unroll
