#pragma once

#include "experiments/laboratory.hpp"
#include "models/sequence_model.hpp"

namespace unroll {

/// What a model must fit: its task's inputs and outputs.
struct ModelSizes {
  std::int64_t inputs;  ///< numbers of a vector, with what is behind x, or tokens there are
  std::int64_t outputs;
  Readout readout;
  bool tokens;                             ///< inputs are indices below `inputs`
  std::int64_t context = 0, feedback = 0;  ///< as TaskSpec
};
ModelSizes sizes_of(const TaskSpec& spec);

/// What the cell of a config's first layer is made from.
CellOptions cell_options(const Config& config, const ModelSizes& sizes);

/// Puts something around each cell of a model.
using WrapCell = std::function<std::unique_ptr<Cell>(std::unique_ptr<Cell>)>;

/// The model that a config describes. Throws std::invalid_argument when the configuration makes no model,
/// also where the cell reads a second input that the task does not give, or the other way round.
SequenceModel make_model(const CellList& cells, const Config& config, const ModelSizes& sizes,
                         const WrapCell& wrap = nullptr);

/// Whether the config has masks drawn in training (dropout, zoneout).
bool draws_noise(const ModelConfig& model);

/// What model.readout may be.
std::vector<std::string> readout_names();
/// What model.initial_state may be.
std::vector<std::string> initial_state_names();

/// Parameters at the start of training, within their bounds: those of model.start, or each from a stream of
/// its own, in its own way or in the way of its role, biases 0. Throws ModelMismatch, SafeTensorsError.
std::vector<Tensor<float>> initial_parameters(const Config& config, const SequenceModel& model);

/// Parameters with the learning-rate factors that train.rates gives them. Throws std::invalid_argument, with
/// the names that there are, for a parameter that the model does not have or does not train.
std::vector<ParameterSpec> with_rates(std::vector<ParameterSpec> specs, const TrainConfig& train);

/// Moves every element to the nearest value within the bounds.
void project(const Bounds& bounds, std::span<float> values);

}  // namespace unroll
