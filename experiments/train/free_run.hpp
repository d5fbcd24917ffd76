#pragma once

#include "experiments/tasks/task.hpp"
#include "models/sequence_model.hpp"

namespace unroll {

/// What a model answers on its own: after the task's inputs it reads, step by step, what it has answered,
/// with states carried on. (steps, B, outputs), of which the first is its answer to the last input. A NaN
/// stays one.
Tensor<float> run_freely(SequenceModel model, const std::vector<Tensor<float>>& parameters,
                         const FreeRun& how);

}  // namespace unroll
