#pragma once

#include <memory>
#include <string>
#include <vector>

#include "experiments/config/config.hpp"
#include "experiments/tasks/task.hpp"
#include "framework/autodiff/tape.hpp"
#include "framework/plan/plan.hpp"
#include "models/cell.hpp"
#include "models/parameter.hpp"

namespace unroll {

/// The model of a config on its task's tape: recorded once, for every T and B.
struct RecordedModel {
  RecordedModel(const Config& config, const Task& task);

  /// Binds a batch (which must outlive the run) and the parameters, in the order of `specs`.
  template <class T>
  void bind(Plan<T>& plan, const Tensor<T>& batch_inputs, const Tensor<T>& batch_targets,
            const Tensor<std::int64_t>& batch_classes, const std::vector<Tensor<T>>& values) const {
    plan.bind(inputs, batch_inputs);
    if (loss_kind == Loss::mse)
      plan.bind(target, batch_targets);
    else
      plan.bind(target, batch_classes);
    for (std::size_t i = 0; i < values.size(); ++i) plan.bind(parameters[i], values[i]);
  }

  void bind(Plan<float>& plan, const Batch& batch, const std::vector<Tensor<float>>& values) const {
    bind(plan, batch.inputs, batch.targets, batch.classes, values);
  }

  /// What a training run, a validation, and a look at the gradient's norms compute.
  std::vector<Var> training_outputs() const;
  std::vector<Var> validation_outputs() const { return {loss, outputs}; }
  std::vector<Var> diagnostics_outputs() const { return {trajectory_gradient}; }

  std::unique_ptr<Tape> tape = std::make_unique<Tape>();
  Loss loss_kind;
  std::vector<ParameterSpec> specs;
  Var inputs, target, outputs, loss;
  std::vector<Var> parameters;
  std::vector<Var> parameter_gradients;
  std::vector<StateSpec> states;  ///< of the cell; the first one is the h that is read out
  std::vector<Var> trajectories;  ///< of each state, t = 1..T: (T, B, size)
  Var trajectory_gradient;        ///< dL/dh_t, through all paths from h_t on; other states held
};

/// Parameters at the start of training: each from a stream of its own, biases 0.
std::vector<Tensor<float>> initial_parameters(const Config& config, const std::vector<ParameterSpec>& specs);

}  // namespace unroll
