#pragma once

#include <vector>

#include "models/language/definition.hpp"

namespace unroll {

/// By equation: whether each step does it where a task wants one answer for each sequence. What only leads to
/// states that no step reads is done of the last step alone (framework/autodiff/behind_scan.hpp).
std::vector<bool> equations_of_each_step(const CellDefinition& cell);

}  // namespace unroll
