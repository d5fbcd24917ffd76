#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "experiments/config/config.hpp"
#include "experiments/tasks/task.hpp"
#include "experiments/train/make_model.hpp"
#include "experiments/train/slices.hpp"
#include "framework/autodiff/tape.hpp"
#include "framework/plan/plan.hpp"
#include "models/sequence_model.hpp"

namespace unroll {

/// Which sequences a model is recorded for: whole ones, or windows of longer ones.
enum class Extent { whole, window };

/// What a model is recorded for. Only training draws masks (dropout, zoneout).
enum class Use { evaluation, training };

/// What a run of a model is given: sequences side by side; where they are windows of longer ones, the states
/// that enter them and the weight of each step's loss in the mean; in training, where its masks come from.
struct Piece {
  Batch batch;
  std::vector<Tensor<float>> initial;    ///< (B, shape...) each
  Tensor<float> step_weights;            ///< (T)
  Tensor<float> carried = {};            ///< scalar: 0 where the sequences start, whose starts may be learned
  Tensor<std::int64_t> number = {};      ///< scalar: of the batch, the same for all of its windows
  Tensor<std::int64_t> first_row = {};   ///< scalar: of the first sequence here, in the whole batch
  Tensor<std::int64_t> time_steps = {};  ///< (T): from the start of the sequences

  /// Says which masks are drawn: those of batch `n`, from step `first` of its sequences on.
  void set_noise(std::int64_t n, std::int64_t first);
};

/// The axis of a value that has the size `size`, such as B; a value without one is refused.
std::size_t axis_of(Var value, const Dim& size);

/// The model of a config on its task's tape: recorded once, for every T and B.
struct RecordedModel {
  /// A window needs a task that is read out at every step.
  RecordedModel(const Config& config, const Task& task, Extent extent = Extent::whole,
                Use use = Use::evaluation);

  /// Copies a part of a batch, along T or B: the inputs or tokens, and the targets that the loss reads.
  void copy_part(const Batch& from, const Dim& size, Range part, Batch& to) const;

  /// Binds a batch, its vectors in precision T, and the parameters, in the order of `specs`; all must outlive
  /// the run.
  template <class T>
  void bind(Plan<T>& plan, const Tensor<T>& vectors, const Tensor<T>& targets, const Batch& batch,
            const std::vector<Tensor<T>>& values) const {
    if (tokens)
      plan.bind(inputs, batch.tokens);
    else
      plan.bind(inputs, vectors);
    if (loss_kind == Loss::mse)
      plan.bind(target, targets);
    else
      plan.bind(target, batch.classes);
    for (std::size_t i = 0; i < values.size(); ++i) plan.bind(parameters[i], values[i]);
  }

  void bind(Plan<float>& plan, const Piece& piece, const std::vector<Tensor<float>>& values) const {
    bind(plan, piece.batch.inputs, piece.batch.targets, piece.batch, values);
    for (std::size_t i = 0; i < initial.size(); ++i) plan.bind(initial[i], piece.initial[i]);
    if (carried.valid()) plan.bind(carried, piece.carried);
    if (step_weights.valid()) plan.bind(step_weights, piece.step_weights);
    if (!noise) return;
    plan.bind(noise->update, piece.number);
    plan.bind(noise->first_row, piece.first_row);
    plan.bind(noise->time_steps, piece.time_steps);
  }

  /// What a training run, a validation, and a look at the gradient's norms compute. Of windows also the
  /// states, which enter later ones.
  std::vector<Var> training_outputs() const;
  std::vector<Var> validation_outputs() const;
  std::vector<Var> diagnostics_outputs() const { return {trajectory_gradient}; }

  std::unique_ptr<Tape> tape = std::make_unique<Tape>();
  bool tokens;  ///< inputs are (T, B) indices
  Loss loss_kind;
  Extent extent;
  std::vector<ParameterSpec> specs;
  Var inputs, target, outputs, loss;
  Var wrong;  ///< window, in evaluation: fraction of steps where another class has a higher score
  std::vector<Var> initial;  ///< window: the states that enter it
  Var carried;               ///< window: whether they count, where a start is learned
  Var step_weights;          ///< window: of each step's loss
  std::optional<Noise> noise;
  std::vector<Var> parameters;
  std::vector<std::size_t> trained;      ///< which of them are
  std::vector<Var> parameter_gradients;  ///< of those
  std::vector<StateSpec> states;  ///< of all layers; the first one is the h that the first layer puts out
  std::vector<Var> trajectories;  ///< of each state, t = 1..T: (T, B, shape...)
  Var trajectory_gradient;        ///< dL/dh_t, through all paths from h_t on; other states held

 private:
  std::vector<Var> record_initial(const SequenceModel& model, const Parameters& p);
};

/// The input of `tape` for a batch's vectors or tokens.
Var record_inputs(Tape& tape, const ModelSizes& sizes);

/// Inputs of `tape` that masks are drawn from, keyed by the config's seed; nothing where none are drawn.
std::optional<Noise> record_noise(Tape& tape, const Config& config, Use use);

/// Parameters at the start of training, within their bounds: each from a stream of its own, in its own way or
/// in the way of its role, biases 0.
std::vector<Tensor<float>> initial_parameters(const Config& config, const std::vector<ParameterSpec>& specs);

/// Moves every element to the nearest value within the bounds.
void project(const Bounds& bounds, std::span<float> values);

}  // namespace unroll
