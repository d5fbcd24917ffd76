#pragma once

#include <optional>
#include <vector>

#include "framework/plan/ir/program.hpp"

namespace unroll::ir {

/// How elementwise work on one shape reads an operand.
enum class Access {
  whole,     ///< element for element
  scalar,    ///< one value for all
  tiled,     ///< again and again: it broadcasts along the first axes (a bias)
  repeated,  ///< each value many times: it broadcasts along the last axes (a mask of rows)
  by_rows,   ///< along axes in the middle: known once it is known which row is gone through
};

/// Nothing where an operand broadcasts along axes in the middle.
std::optional<Access> access(const Dims& operand, const Dims& full);

/// Whether elementwise work on this shape is worth to be gone through row by row along its last axis: there
/// is a matrix for each sequence, whose rows have a few elements at the least, or the rows are wide.
bool of_rows(const Dims& full);
/// Whether there is a vector for each sequence, long enough, and filling whole registers, for work on them to
/// go row by row: nothing is laid out for all of them, and sums over the batch are taken on the way.
bool of_vectors(const Dims& full);
/// Any operand that broadcasts, where there are rows.
std::optional<Access> access_in_chain(const Dims& operand, const Dims& full);
/// Whether a sum from `full` to `sum` adds up the same row by row as over all elements: rows that fill the
/// running values of a sum do, others where each has a sum of its own, or none along it. Of vectors: over the
/// batch.
bool sums_by_row(const Dims& sum, const Dims& full);

/// What can be a link of a chain: elementwise ops, and spreading a value, which is a copy to a chain.
inline bool chainable(const Op& op) { return op.elementwise() || op.rows == Rows::spread; }
/// What can be added up in a chain that makes it, or reads it, where it has rows.
inline bool sums(const Op& op) { return op.rows == Rows::sum; }
/// The shape of the chain that such an op may be in.
const Dims& shape_in_chain(const Compute& compute, const Program& program);
/// Shapes on which the code calls functions of the C library: machine code for rows holds none.
std::vector<Dims> shapes_with_calls(const Program& program, const Code& code);

}  // namespace unroll::ir
