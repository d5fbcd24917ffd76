#pragma once

#include <functional>
#include <span>
#include <vector>

#include "models/bound_model.hpp"

namespace unroll {

/// Forward passes of a model with given parameters, one piece of its sequences after another, each from the
/// states that the last one left.
class CarriedRun {
 public:
  struct Options {
    RecordOptions record = {};  ///< given_states is set in any case
    PlanOptions plan = {};
    /// What else is to be had of each run, recorded on the model's tape.
    std::function<std::vector<Var>(const BoundModel&)> more = nullptr;
  };

  /// `parameters`, in the order of model.parameters(), must outlive it and stay as they are.
  CarriedRun(SequenceModel model, std::int64_t input_size, bool tokens,
             const std::vector<Tensor<float>>& parameters, const Options& options);
  CarriedRun(SequenceModel model, std::int64_t input_size, bool tokens,
             const std::vector<Tensor<float>>& parameters)
      : CarriedRun(std::move(model), input_size, tokens, parameters, Options{}) {}
  CarriedRun(const CarriedRun&) = delete;  // its plan holds the addresses of its tensors
  CarriedRun& operator=(const CarriedRun&) = delete;

  /// Before the first step of `rows` sequences, or from states (B, shape...) that are given.
  void start(std::int64_t rows);
  void start(std::vector<Tensor<float>> states);
  /// Masks and noise of the next run are those of this batch, from this step of its sequences on. After a
  /// start they are those of batch 0, and go on from run to run.
  void set_noise(std::int64_t batch, std::int64_t step) {
    given_.number[0] = batch;
    step_ = step;
  }

  /// The next steps: (T, B, inputs) numbers or (T, B) tokens. Extra inputs that `more` recorded are bound on
  /// plan() before.
  void run(const Tensor<float>& vectors);
  void run(const Tensor<std::int64_t>& tokens);

  const BoundModel& model() const { return model_; }
  Plan<float>& plan() { return plan_; }
  /// States after the last run.
  const std::vector<Tensor<float>>& states() const { return given_.initial; }
  /// Of the last run; valid until the next one.
  std::span<const float> outputs() const { return plan_.value(model_.recorded.outputs); }
  std::span<const float> trajectory(std::size_t state) const {
    return plan_.value(model_.recorded.state_trajectory[state]);
  }
  /// (T, B, ...) of one of RecordOptions::values.
  Tensor<float> value(std::size_t i) const { return plan_.tensor(model_.recorded.values[i]); }
  std::span<const float> more(std::size_t i) const { return plan_.value(more_[i]); }

 private:
  std::vector<Var> wanted(const Options& options);
  PlanOptions with_frozen_parameters(PlanOptions options) const;
  void run(std::int64_t steps);

  BoundModel model_;
  const std::vector<Tensor<float>>& parameters_;
  std::vector<Var> more_;
  Plan<float> plan_;
  ModelInputs<float> given_;
  std::int64_t step_ = 0;  ///< of the sequences, where the next run begins
};

}  // namespace unroll
