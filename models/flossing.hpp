#pragma once

#include <cstdint>
#include <vector>

#include "models/cell.hpp"

namespace unroll {

// The regulariser of Engelken 2023 ("Gradient flossing: improving gradient descent through dynamic control of
// Jacobians", arXiv:2312.17306), for any cell: the sum of lambda_i^2 over the largest Lyapunov exponents
//   lambda_i = 1/T sum_t ln R_ii(t),   Q(t) R(t) = J(t)^T Q(t+1),   J(t) = ds_{t+1}/ds_t
// of the states s of one layer along the sequences. Near 0 a direction neither dies out nor explodes. As in
// the instrument `lyapunov`, directions go back from the last step to the first, through transposed
// Jacobians: the exponents are the same, and cost a reverse step each. They begin as the first unit vectors,
// and every step counts. Its gradient is the whole one, through Jacobians, QR factors and the states.

/// Numbers in all states of a layer together, without those that count steps.
std::int64_t moving_size(const std::vector<StateSpec>& states);

/// Each row of x (B, ...), `times` times one after the other: (B times, ...).
Var repeated_rows(Var x, std::int64_t times);

/// (B, count, moving size): unit vectors, for the rows of x (T, B, ...). Throws std::invalid_argument where
/// there are more of them than the states have numbers.
Var first_directions(Var x, const std::vector<StateSpec>& states, std::int64_t count);

/// Directions behind a step (on the way back), as rows (B, count, moving size) that are orthonormal, and
/// ln R_ii, (B, count).
struct GrownDirections {
  Var directions;
  Var log_growth;
};

/// `before` and `after`: the states around a step that was recorded for repeated_rows of a batch, `count`
/// times each.
GrownDirections grow_directions(Var directions, const std::vector<StateSpec>& states,
                                const std::vector<Var>& before, const std::vector<Var>& after);

}  // namespace unroll
