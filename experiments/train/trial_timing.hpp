#pragma once

#include "experiments/laboratory.hpp"

namespace unroll {

/// What the parts of a trial take on this machine, in seconds.
struct TrialTiming {
  double once = 0;        ///< recording and planning, gradients of states, the test
  double update = 0;      ///< one of them
  double validation = 0;  ///< one of them
};

/// Trains a few updates of a trial, for about `seconds`, and keeps nothing. Throws what run_trial() does.
TrialTiming time_trial(const Laboratory& laboratory, const Config& config, double seconds);

/// Of a whole trial that does not end early.
double seconds_of(const TrialTiming& timing, const TrainConfig& train);

}  // namespace unroll
