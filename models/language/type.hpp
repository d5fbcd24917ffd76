#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/language/size.hpp"

namespace unroll {

/// What a value of the equations is: a number, a vector or a matrix for each sequence of the batch, or one
/// for all of them.
struct Type {
  std::vector<Size> shape = {};  ///< of one sequence: empty, (n) or (rows, columns)
  bool batched = false;          ///< differs between sequences
  bool from_state = false;       ///< depends on a state before the step
  bool from_input = false;       ///< depends on x
  bool constant = false;         ///< known when the cell is made
  bool only_product = false;     ///< a structured parameter: stands on the left of a product and nowhere else

  std::size_t rank() const { return shape.size(); }
};

/// "a number", "a vector (hidden)", "a matrix (hidden, input)".
std::string describe(const Type& type, const SizeSolver& sizes);

/// What holds of a value that is made of both.
Type joined(const Type& a, const Type& b, std::vector<Size> shape);

/// The elementwise combination of two values: a number goes with everything, a vector with a vector of its
/// size, a matrix with a matrix, whose rows or columns may be one that stands for all. `what` stands in the
/// TypeError.
Type elementwise_type(const Type& a, const Type& b, std::string_view what, SizeSolver& sizes);

}  // namespace unroll
