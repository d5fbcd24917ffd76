#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "experiments/bench/rivals/step_shape.hpp"
#include "experiments/bench/timing.hpp"
#include "framework/plan/plan.hpp"
#include "models/sequence_model.hpp"

namespace unroll {

/// Of all that a row draws: inputs, targets, parameters.
inline constexpr std::uint64_t bench_seed = 1;

/// A cell of the table, "mgu", or one of cell_as_ops().
std::unique_ptr<Cell> bench_cell(std::string_view name, const CellOptions& options);

/// A cell of bench_cell(), with a linear readout to one output and its mean squared error after the
/// last step, differentiated. Steps and rows are numbers or the symbols T and B.
struct RecordedStep {
  RecordedStep(std::string_view cell, Dim steps, Dim rows, std::int64_t inputs, std::int64_t hidden,
               bool differentiate_inputs = false);

  SequenceModel model;
  std::int64_t width;  ///< of a vector of inputs, with what is behind x
  std::unique_ptr<Tape> tape = std::make_unique<Tape>();
  Var x, target, loss;
  std::vector<Var> parameters, gradients;

  /// The gradients of all parameters, that of x where it is asked for, and the loss.
  std::vector<Var> outputs() const;
};

/// Parameters from U(-1/sqrt(hidden), 1/sqrt(hidden)), as PyTorch's layers begin with.
std::vector<Tensor<float>> bench_parameters(const std::vector<ParameterSpec>& specs, std::int64_t hidden);
/// Standard normal inputs (T, B, inputs) and targets (B, 1).
Tensor<float> bench_inputs(StepShape shape);
Tensor<float> bench_targets(StepShape shape);

/// The engine's training step without the update: forward, backward, loss.
class EngineStep {
 public:
  EngineStep(std::string_view cell, StepShape shape, const PlanOptions& options = {},
             bool differentiate_inputs = false);

  void run() { plan_.run(); }
  /// Of the engine's arena.
  std::size_t peak_bytes() const { return plan_.peak_bytes({shape_.steps, shape_.rows}); }

  float loss() const { return plan_.value(net_.loss)[0]; }
  const std::vector<ParameterSpec>& specs() const { return specs_; }
  std::vector<Tensor<float>>& values() { return values_; }
  const std::vector<Tensor<float>>& values() const { return values_; }
  /// Of parameter i, in the last run.
  std::span<const float> gradient(std::size_t i) const { return plan_.value(net_.gradients[i]); }
  const Tensor<float>& inputs() const { return x_; }
  const Tensor<float>& targets() const { return targets_; }

  EngineStep(const EngineStep&) = delete;  // the plan holds the addresses of the tensors
  EngineStep& operator=(const EngineStep&) = delete;

 private:
  StepShape shape_;
  RecordedStep net_;
  std::vector<ParameterSpec> specs_;
  std::vector<Tensor<float>> values_;
  Tensor<float> x_, targets_;
  Plan<float> plan_;
};

/// An engine step as it takes part in a contest; out of it, with the bytes needed, where the machine has not
/// as many or the budget of `options` is too small.
Contestant engine_contestant(std::string key, std::string_view cell, StepShape shape,
                             const PlanOptions& options = {});

}  // namespace unroll
