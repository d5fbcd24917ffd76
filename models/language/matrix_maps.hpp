#pragma once

#include <cstdint>

#include "framework/autodiff/tape.hpp"

namespace unroll {

Var identity_matrix(Tape& tape, std::int64_t n);

/// (I + S)^-1 (I - S) for a skew-symmetric S: an orthogonal matrix; Cayley 1846, Helfrich, Willmott & Ye
/// 2018.
Var cayley(Var s);

/// The sum of A^k / k!, to rounding for a norm of A up to 64; orthogonal for a skew-symmetric A
/// (Lezcano-Casado & Martinez-Rubio 2019).
Var matrix_exponential(Var a);

}  // namespace unroll
