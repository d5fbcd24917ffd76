#include "experiments/train/recorded_model.hpp"

#include <algorithm>
#include <stdexcept>

#include "experiments/train/cell_options.hpp"
#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "models/cell_table.hpp"
#include "models/initialiser.hpp"
#include "models/sequence_model.hpp"

namespace unroll {
namespace {

using sizes::B;
using sizes::T;

Var record_target(Tape& tape, const Task& task) {
  const bool every_step = task.readout() == Readout::every_step;
  Dims dims = every_step ? Dims{T, B} : Dims{B};
  if (task.loss() == Loss::cross_entropy) return tape.index_input("classes", dims);
  dims.push_back(task.output_size());
  return tape.input("targets", dims);
}

Var record_loss(Loss kind, Var outputs, Var target) {
  return kind == Loss::mse ? mse(outputs, target) : cross_entropy(outputs, target);
}

/// The same mean with a weight for each step: weights 1 give the same bits.
Var record_loss(Loss kind, Var outputs, Var target, Var step_weights) {
  const Var each = kind == Loss::mse ? square(outputs - target) : logsumexp(outputs) - pick(outputs, target);
  Dims dims(each.rank(), 1);
  dims[0] = T;
  return mean(each * reshape(step_weights, dims));
}

}  // namespace

RecordedModel::RecordedModel(const Config& config, const Task& task, Extent wanted)
    : loss_kind(task.loss()), extent(wanted) {
  const SequenceModel model(make_cell(config.model.cell, cell_options(config, task)), task.output_size(),
                            task.readout());
  specs = model.parameters();
  inputs = tape->input("inputs", {T, B, task.input_size()});
  target = record_target(*tape, task);
  const Parameters p(*tape, specs);
  parameters = p.all();
  states = model.states();
  if (extent == Extent::window) {
    for (const StateSpec& state : states) initial.push_back(tape->input(state.name + "_0", state.dims(B)));
    step_weights = tape->input("step weights", {T});
  }
  const SequenceModel::Recorded recorded = model.record(inputs, p, initial);
  outputs = recorded.outputs;
  loss = step_weights.valid() ? record_loss(loss_kind, outputs, target, step_weights)
                              : record_loss(loss_kind, outputs, target);
  parameter_gradients = gradients(loss, parameters);
  trajectories = recorded.state_trajectory;
  trajectory_gradient = gradients(loss, {trajectories[0]})[0];
}

std::size_t axis_of(Var value, const Dim& size) {
  const Dims& dims = value.dims();
  const auto found = std::find(dims.begin(), dims.end(), size);
  if (found == dims.end())
    throw std::invalid_argument("[axis_of] " + to_string(dims) + " has no axis " + to_string(Dims{size}));
  return static_cast<std::size_t>(found - dims.begin());
}

void RecordedModel::copy_part(const Batch& from, const Dim& size, Range part, Batch& to) const {
  copy_range(from.inputs, axis_of(inputs, size), part, to.inputs);
  if (loss_kind == Loss::mse)
    copy_range(from.targets, axis_of(target, size), part, to.targets);
  else
    copy_range(from.classes, axis_of(target, size), part, to.classes);
}

std::vector<Var> RecordedModel::training_outputs() const {
  std::vector<Var> all = parameter_gradients;
  all.push_back(loss);
  if (extent == Extent::window) all.insert(all.end(), trajectories.begin(), trajectories.end());
  return all;
}

std::vector<Tensor<float>> initial_parameters(const Config& config, const std::vector<ParameterSpec>& specs) {
  const ModelConfig& model = config.model;
  std::vector<Tensor<float>> values;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const ParameterSpec& spec = specs[i];
    if (spec.role == Role::bias) {
      values.emplace_back(spec.shape);
      continue;
    }
    InitialiserOptions options;
    const bool recurrent = spec.role == Role::recurrent_matrix;
    options.name = recurrent ? model.init : model.input_init;
    options.scale = recurrent ? model.init_scale : model.input_scale;
    options.spectral_radius = model.spectral_radius;
    options.nonzeros = model.nonzeros;
    Stream stream(config.seed, Purpose::parameters, {static_cast<std::uint32_t>(i)});
    values.push_back(initialise(options, spec.shape, stream));
  }
  return values;
}

}  // namespace unroll
