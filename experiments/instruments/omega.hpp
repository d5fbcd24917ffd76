#pragma once

#include <optional>

#include "experiments/instruments/state_gradients.hpp"
#include "experiments/instruments/state_map.hpp"

namespace unroll {

/// (‖e J‖² / ‖e‖² − 1)² of one step, the mean over the rows whose error e (rows, size) is not 0; none where
/// all are.
std::optional<double> omega_term(StateMap& map, const StateMap::Point& from, const StepInput& x,
                                 const Tensor<double>& errors);

}  // namespace unroll
