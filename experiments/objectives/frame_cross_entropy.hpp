#pragma once

#include "experiments/objectives/objective.hpp"

namespace unroll {

/// Independent yes-or-no answers as binary_cross_entropy has them, but their sum over the outputs: the
/// negative log-likelihood of a frame in nats, as results on polyphonic music are published. note_accuracy is
/// TP / (TP + FP + FN) over all frames (Bay, Ehmann, Downie 2009).
Objective frame_cross_entropy_objective();

}  // namespace unroll
