#pragma once

#include <cstdint>
#include <vector>

#include "models/language/equation_cell.hpp"

namespace unroll {

/// By equation: how often each step does it where a task wants one answer for each sequence, in rounds of a
/// repeat. 0 for what only leads to states that no step reads: it is done of the last step alone
/// (framework/autodiff/behind_scan.hpp).
std::vector<std::int64_t> times_in_each_step(const EquationCell& cell);

}  // namespace unroll
