#pragma once

#include "framework/autodiff/tape.hpp"

// More of the catalogue of ops.hpp: what is done to directions and gradients on their way through steps. Its
// solve and solve_triangular take several systems as well, A (b, n, n) and B (b, n, m).

namespace unroll {

/// Q of A = Q R with orthonormal columns, R upper triangular with a positive diagonal: A (m, n) or (b, m, n),
/// m >= n. R is Qᵀ A. Where A's columns depend on each other, derivatives are Inf or NaN.
Var orthonormalise(Var a);

/// clip_gradient by norm: the cotangent of each row, all but the first axis of x, is shortened to limit / of
/// where it is longer.
Var clip_gradient_norm(Var x, double limit, Dim of = 1);

}  // namespace unroll
