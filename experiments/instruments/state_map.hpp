#pragma once

#include <memory>
#include <vector>

#include "experiments/data/sequence.hpp"
#include "experiments/instruments/instrument.hpp"
#include "framework/plan/plan.hpp"
#include "models/sequence_model.hpp"

namespace unroll {

/// What several systems are given at one step: (rows, inputs) numbers, or (rows) tokens.
using StepInput = std::variant<Tensor<double>, Tensor<std::int64_t>>;

/// A model as a dynamical system s_{t+1} = F(s_t, x_t): all states of all layers as one vector, in evaluation
/// (no dropout, zoneout's expectation, noise 0), in double. States that count steps are carried along, but
/// are no part of the vector. Any cell, any number of layers; a reverse direction is none of it.
class StateMap {
 public:
  /// `parameters` in the order of model.parameters(). `without_input`: x_t is 0, also where inputs are
  /// tokens.
  StateMap(const SequenceModel& model, std::int64_t input_size, bool tokens,
           std::vector<Tensor<double>> parameters, bool without_input = false);
  /// Of a trial.
  explicit StateMap(const Subject& subject, bool without_input = false);
  StateMap(const StateMap&) = delete;  // its plans hold the addresses of its tensors
  StateMap& operator=(const StateMap&) = delete;

  /// Elements of the vector.
  std::int64_t size() const { return size_; }
  const std::vector<StateSpec>& states() const { return states_; }
  bool tokens() const { return tokens_; }
  std::int64_t input_size() const { return input_size_; }

  /// Several systems at one moment, a row each.
  struct Point {
    Tensor<double> s;  ///< (rows, size)
    double count = 0;  ///< steps made, of states that count them
  };
  /// Before the first step, as a sequence begins.
  Point start(std::int64_t rows);
  /// After a step.
  Point next(const Point& from, const StepInput& x);
  /// vᵀJ of each row, J = ∂s_{t+1}/∂s_t there. `cotangents` is (rows, size).
  Tensor<double> pull_back(const Point& from, const StepInput& x, const Tensor<double>& cotangents);

  /// Zeros for so many rows.
  StepInput no_input(std::int64_t rows) const;

 private:
  void record(const SequenceModel& model);
  void zero_inputs();
  void bind(const Point& from, const StepInput& x);
  void split(const Tensor<double>& rows, std::vector<Tensor<double>>& parts, double count) const;
  Tensor<double> join(const Plan<double>& plan, const std::vector<Var>& parts, std::int64_t rows) const;

  std::int64_t input_size_;
  bool tokens_;
  std::vector<Tensor<double>> values_;
  std::vector<ParameterSpec> specs_;
  std::vector<StateSpec> states_;
  std::int64_t size_ = 0;
  Tape tape_;
  Var x_;
  std::vector<Var> parameters_, initial_, final_, cotangents_, pulled_;
  std::vector<Tensor<double>> state_values_, cotangent_values_;
  Tensor<double> vectors_;
  Tensor<std::int64_t> indices_;
  std::unique_ptr<Plan<double>> forward_, reverse_;
};

/// What all sequences of a batch that are as long as the longest are given at step t, at most `most` of them.
class BatchInputs {
 public:
  BatchInputs(const Batch& batch, std::int64_t most);
  std::int64_t steps() const { return steps_; }
  std::int64_t rows() const { return static_cast<std::int64_t>(rows_.size()); }
  /// Which sequences of the batch they are.
  const std::vector<std::int64_t>& chosen() const { return rows_; }
  /// Each row's, `times` times one after the other.
  StepInput at(std::int64_t t, std::int64_t times = 1) const;

 private:
  const Batch& batch_;
  std::int64_t steps_;
  std::vector<std::int64_t> rows_;
};

/// The same rows, each `times` times one after the other.
Tensor<double> repeated(const Tensor<double>& rows, std::int64_t times);

/// Why there is no such map of a model: an objection of instruments that need one.
std::string needs_one_direction(const Laboratory& laboratory, const Config& config);

bool all_finite(std::span<const double> values);

}  // namespace unroll
