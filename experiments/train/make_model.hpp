#pragma once

#include "experiments/config/config.hpp"
#include "experiments/tasks/task.hpp"
#include "models/sequence_model.hpp"

namespace unroll {

/// The model that a config describes, for the sizes of its task. Throws std::invalid_argument when the
/// configuration makes no model.
SequenceModel make_model(const Config& config, const Task& task);

/// Whether the config has masks drawn in training (dropout, zoneout).
bool draws_noise(const ModelConfig& model);

/// What model.initial_state may be.
std::vector<std::string> initial_state_names();

}  // namespace unroll
