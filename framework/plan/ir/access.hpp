#pragma once

#include <optional>

#include "framework/autodiff/op.hpp"

namespace unroll::ir {

/// How elementwise work on one shape reads an operand.
enum class Access {
  whole,     ///< element for element
  scalar,    ///< one value for all
  tiled,     ///< again and again: it broadcasts along the first axes (a bias)
  repeated,  ///< each value many times: it broadcasts along the last axes (a mask of rows)
};

/// Nothing where an operand broadcasts along axes in the middle.
std::optional<Access> access(const Dims& operand, const Dims& full);

/// What can be a link of a chain: elementwise ops, and spreading a value, which is a copy to a chain.
inline bool chainable(const Op& op) { return op.elementwise() || op.rows == Rows::spread; }

}  // namespace unroll::ir
