#pragma once

#include <span>

#include "experiments/laboratory.hpp"
#include "experiments/studies/expectation.hpp"
#include "experiments/sweep/plan.hpp"

namespace unroll {

/// Runs the first trial of each group that an expectation about this part is of, for one update on a few
/// sequences, and keeps nothing: what it records has the names that the trials' records will have. Throws
/// ConfigError, naming the expectation and what there is, where its measure is none of them, so that a
/// mistyped name costs no training.
void rehearse(const Laboratory& laboratory, std::span<const Expectation> expectations, const SweepPlan& plan);

}  // namespace unroll
