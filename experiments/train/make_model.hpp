#pragma once

#include "experiments/config/config.hpp"
#include "experiments/tasks/task.hpp"
#include "models/sequence_model.hpp"

namespace unroll {

/// What a model must fit: its task's inputs and outputs.
struct ModelSizes {
  std::int64_t inputs;
  std::int64_t outputs;
  Readout readout;
  bool tokens;  ///< inputs are indices below `inputs`
};
ModelSizes sizes_of(const Task& task);

/// What the cell of a config's first layer is made from.
CellOptions cell_options(const Config& config, const ModelSizes& sizes);

/// The model that a config describes. Throws std::invalid_argument when the configuration makes no model.
SequenceModel make_model(const Config& config, const ModelSizes& sizes);

/// Whether the config has masks drawn in training (dropout, zoneout).
bool draws_noise(const ModelConfig& model);

/// What model.initial_state may be.
std::vector<std::string> initial_state_names();

}  // namespace unroll
