#pragma once

#include <vector>

#include "experiments/records/record.hpp"
#include "experiments/train/trial_models.hpp"

namespace unroll {

/// ‖∂L/∂s_t‖ over t = 1..T for every state s of a model, L the loss of one sequence at the step that
/// train.gradient_loss_step says: the mean over a batch that is the same at every call, in double without
/// flushing subnormals. One series a state. A sequence that has ended at t counts no more.
std::vector<RecordedSeries> gradient_norms(const Config& config, TrialModels& models,
                                           const std::vector<Tensor<float>>& parameters,
                                           const std::string& moment);

/// The step whose loss counts, from 0: -1 is each sequence's last one, none is all of them. Throws
/// std::invalid_argument for what is no step.
std::optional<std::int64_t> loss_step(const TrainConfig& train);

}  // namespace unroll
