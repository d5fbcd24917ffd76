#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "framework/autodiff/tape.hpp"

namespace unroll {

// The regulariser of Pascanu, Mikolov, Bengio 2013 (eq. 9 and 10, with squared norms as in their code), for
// any cell:
//   Omega_k = (|e_{k+1} J_k|^2 / |e_{k+1}|^2 - 1)^2,  J_k = ds_{k+1}/ds_k,  e_{k+1} = dL/ds_{k+1}
// of one sequence, the norms over all states of a layer together. Its gradient is the immediate one: the
// states s_k, the layer's inputs and e_{k+1} are held.

/// What else is held.
enum class OmegaPath {
  /// All values of the step that depend on states or inputs: parameters are reached as weights that a
  /// gradient passes on its way back. For h' = f(W h + ...) it is the published gradient,
  /// 4 (r - 1) / |e|^2 * delta v^T of W with delta = e * f', v = W^T delta, r = |v|^2 / |e|^2, and 0 of all
  /// else. A cell whose Jacobian is made of gates alone has none.
  weights,
  /// Nothing: it is the gradient of Omega_k as a function of the parameters, through gates and slopes too.
  step
};

/// "weights", "step".
std::vector<std::string> omega_path_names();
/// Throws std::invalid_argument naming the unknown one and the known ones.
OmegaPath omega_path(std::string_view name);

/// A step, recorded: what it was given, the states that it read and made, and the gradients with respect to
/// the latter.
struct OmegaStep {
  const std::vector<Var>& given;   ///< all that changes from step to step, `before` and `e` among them
  const std::vector<Var>& before;  ///< (B, shape...) each
  const std::vector<Var>& after;
  std::vector<Var> e;
};

/// For each sequence, or each step and sequence.
struct OmegaTerms {
  Var term;     ///< 0 where it does not count
  Var counted;  ///< 1, or 0 where |e|^2 is below 1e-20, as published
};

/// (B) each.
OmegaTerms omega_of_step(const OmegaStep& step, OmegaPath path);

}  // namespace unroll
