#pragma once

#include "experiments/instruments/lyapunov.hpp"

namespace unroll {

/// Singular values of ∂s_T/∂s_{T-h}, falling.
struct JacobianProduct {
  std::int64_t steps;  ///< h
  /// Logarithms to base 10, the mean over the rows; of the least ones rounding leaves no digit where they are
  /// 10^-15 of the largest. -Inf for 0.
  std::vector<double> log10;
};

/// Of h = 1, 2, 4, ... and T, over T steps from `from` on. It ends where something is not finite.
std::vector<JacobianProduct> jacobian_products(StateMap& map, const StateMap::Point& from,
                                               const InputAt& input, std::int64_t steps);

}  // namespace unroll
