#pragma once

#include <vector>

#include "models/cell_check.hpp"
#include "models/language/equation_cell.hpp"

namespace unroll {

/// Whether every value of a step, and every derivative at the first one, is finite at the start of training,
/// and every value near it; a failed check otherwise.
CellCheck check_finite(const EquationCell& cell, std::int64_t input_size, std::uint64_t seed);

/// Every equation alone: its reverse pass against differences, at values that its names have in the cell; and
/// what is declared as a derivative against the derivative.
std::vector<CellCheck> check_equations(const EquationCell& cell, std::int64_t input_size, std::uint64_t seed);

/// The cell over several steps: first and second derivatives, the forward product, the planner.
std::vector<CellCheck> check_whole(const Cell& cell, std::int64_t input_size, std::uint64_t seed);

}  // namespace unroll
