#pragma once

#include <memory>
#include <string>
#include <vector>

#include "experiments/config/config.hpp"
#include "experiments/tasks/task.hpp"
#include "experiments/train/slices.hpp"
#include "framework/autodiff/tape.hpp"
#include "framework/plan/plan.hpp"
#include "models/cell.hpp"
#include "models/parameter.hpp"

namespace unroll {

/// Which sequences a model is recorded for: whole ones, or windows of longer ones.
enum class Extent { whole, window };

/// What a run of a model is given: sequences side by side, and where they are windows of longer ones, the
/// states that enter them and the weight of each step's loss in the mean.
struct Piece {
  Batch batch;
  std::vector<Tensor<float>> initial;  ///< (B, size) each
  Tensor<float> step_weights;          ///< (T)
};

/// The axis of a value that has the size `size`, such as B; a value without one is refused.
std::size_t axis_of(Var value, const Dim& size);

/// The model of a config on its task's tape: recorded once, for every T and B.
struct RecordedModel {
  /// A window needs a task that is read out at every step.
  RecordedModel(const Config& config, const Task& task, Extent extent = Extent::whole);

  /// Copies a part of a batch, along T or B: the inputs, and the targets that the loss reads.
  void copy_part(const Batch& from, const Dim& size, Range part, Batch& to) const;

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

  void bind(Plan<float>& plan, const Piece& piece, const std::vector<Tensor<float>>& values) const {
    bind(plan, piece.batch.inputs, piece.batch.targets, piece.batch.classes, values);
    for (std::size_t i = 0; i < initial.size(); ++i) plan.bind(initial[i], piece.initial[i]);
    if (step_weights.valid()) plan.bind(step_weights, piece.step_weights);
  }

  /// What a training run (of windows with the states, which enter later ones), a validation, and a look at
  /// the gradient's norms compute.
  std::vector<Var> training_outputs() const;
  std::vector<Var> validation_outputs() const { return {loss, outputs}; }
  std::vector<Var> diagnostics_outputs() const { return {trajectory_gradient}; }

  std::unique_ptr<Tape> tape = std::make_unique<Tape>();
  Loss loss_kind;
  Extent extent;
  std::vector<ParameterSpec> specs;
  Var inputs, target, outputs, loss;
  std::vector<Var> initial;  ///< window: the states that enter it
  Var step_weights;          ///< window: of each step's loss
  std::vector<Var> parameters;
  std::vector<Var> parameter_gradients;
  std::vector<StateSpec> states;  ///< of the cell; the first one is the h that is read out
  std::vector<Var> trajectories;  ///< of each state, t = 1..T: (T, B, size)
  Var trajectory_gradient;        ///< dL/dh_t, through all paths from h_t on; other states held
};

/// Parameters at the start of training: each from a stream of its own, biases 0.
std::vector<Tensor<float>> initial_parameters(const Config& config, const std::vector<ParameterSpec>& specs);

}  // namespace unroll
