#pragma once

#include <cstdint>
#include <iosfwd>

#include "models/cell.hpp"

namespace unroll {

/// Elements of all parameters.
std::int64_t count_parameters(const Cell& cell);

/// Floating-point operations of one step of one sequence, forward: 2 m n for a matrix applied to a vector, 1
/// for each element of the rest.
double flops_per_step(const Cell& cell, std::int64_t input_size);

/// A step forward and backward as the planner runs it, in Graphviz DOT (write_plan_dot).
void write_cell_dot(std::ostream& out, const Cell& cell, std::int64_t input_size);

}  // namespace unroll
