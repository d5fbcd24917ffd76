#pragma once

#include <span>
#include <vector>

#include "framework/autodiff/tape.hpp"
#include "models/language/type.hpp"

// Values of the equations on a tape: of a batch (B, 1) for a number, (B, n), (B, rows, columns); of
// parameters alone (), (n), (rows, columns).

namespace unroll {

/// A number of a batch as (B, 1), whatever reduction it came from.
Var as_number(Var v, bool batched);

/// Numbers of a batch get the axes that they need to go with matrices.
std::vector<Var> equally_ranked(std::span<const Var> values, std::span<const Type> types);

/// Vectors of which one is batched: all batched.
std::vector<Var> equally_batched(std::span<const Var> values, std::span<const Type> types);

/// A vector as a matrix of one row, or of one column.
Var row_of(Var v);
Var column_of(Var v);
/// The elements of a matrix as a vector, row by row.
Var flat(Var v);

Var outer_product(Var a, Var b, const Type& type_a, const Type& type_b);

/// A x, or A B: matrices of parameters or of a batch, applied to vectors or matrices of either.
Var matrix_product(Var a, Var b, const Type& type_a, const Type& type_b);

/// A block-diagonal matrix of `heads` blocks, stored (rows, columns / heads), applied to vectors.
Var product_by_heads(Var blocks, Var v, std::int64_t heads, bool batched);

/// `v` as a value of a batch of the given shape.
Var batched(Var v, const Dims& dims);

}  // namespace unroll
