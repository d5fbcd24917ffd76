#pragma once

#include <functional>

#include "experiments/instruments/state_map.hpp"

namespace unroll {

/// What is given at step t to so many copies of each row: (t, times) -> inputs.
using InputAt = std::function<StepInput(std::int64_t t, std::int64_t times)>;

struct LyapunovOptions {
  std::int64_t warm_up = 0;    ///< steps before, which bring the states to where they will stay
  std::int64_t steps = 0;      ///< that are measured
  std::int64_t transient = 0;  ///< steps behind them, in which the directions settle and nothing is measured
  std::int64_t most = 64;      ///< exponents, the largest ones
};

/// The largest Lyapunov exponents per step, falling, the mean over the rows of `from`: how fast directions
/// grow along a trajectory. By QR factors of what each step does to orthonormal directions (Benettin et al.
/// 1980), taken from the last step to the first, with the transposed Jacobians: the exponents are the same,
/// and cost a reverse step each. -Inf where a step makes directions vanish; none where something is not
/// finite.
std::vector<double> lyapunov_exponents(StateMap& map, const StateMap::Point& from, const InputAt& input,
                                       const LyapunovOptions& options);

/// Kaplan & Yorke 1979: how many directions a volume keeps that neither grows nor shrinks. Where so few
/// exponents are known that their sum does not fall below 0, their number.
double kaplan_yorke_dimension(const std::vector<double>& exponents);

}  // namespace unroll
