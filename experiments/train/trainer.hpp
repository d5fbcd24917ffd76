#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "experiments/train/record.hpp"
#include "experiments/train/recorded_model.hpp"
#include "experiments/train/sharded_plan.hpp"
#include "experiments/train/trial.hpp"
#include "experiments/train/windowed_batch.hpp"
#include "framework/optim/optimizer.hpp"
#include "framework/optim/schedule.hpp"
#include "framework/tensor/safetensors.hpp"

namespace unroll {

/// Sequences per validation batch. Part of the results' definition: the sequences of a batch share their
/// length.
inline constexpr std::int64_t validation_batch = 500;
/// Tokens at a time of a text to validate on: products of as many rows are fast, and their results fit.
inline constexpr std::int64_t validation_tokens = 1024;
/// Steps at a time of a text in so many streams side by side.
inline std::int64_t validation_window(std::int64_t streams) {
  return std::max<std::int64_t>(1, validation_tokens / streams);
}
/// Sequences that ‖dL/dh_t‖ is averaged over.
inline constexpr std::int64_t diagnostics_batch = 32;

struct Validation {
  double loss;
  double error_rate;  ///< of sequences, or of the tokens of a text
};

/// One model in training: parameters, optimiser, schedule, and the plans that compute losses and gradients.
/// Batch n is a function of the seed and n, so that updates can be counted and repeated. An update takes a
/// batch, or with truncated BPTT the next window of one.
class Trainer {
 public:
  /// Throws std::invalid_argument when the configuration makes no model.
  explicit Trainer(const Config& config);
  Trainer(const Trainer&) = delete;  // its plans refer to its models
  Trainer& operator=(const Trainer&) = delete;

  const Task& task() const { return *task_; }
  /// Steps of all sequences that one update goes on by, at most.
  std::int64_t tokens_per_update() const;
  const std::vector<ParameterSpec>& specs() const { return model_.specs; }
  /// As they are now, in the order of specs().
  const std::vector<Tensor<float>>& parameters() const { return parameters_; }

  /// Update number n (0, 1, 2, ... in this order): sample, forward, backward, clip, step. Returns the batch's
  /// loss before the step. When the loss is not finite, the parameters stay as they are.
  double update(std::int64_t n);

  /// On config.train.validation_sequences fresh sequences, drawn for this count of updates, or on the task's
  /// own text.
  Validation validate(std::int64_t updates_done);
  /// On a text of its own, with other parameters than those in training.
  Validation evaluate(const Batch& text, const std::vector<Tensor<float>>& parameters);
  /// Lets the schedule see a validation loss.
  void observe(double validation_loss) { schedule_.observe(validation_loss); }

  /// All that the next updates depend on: going on from it gives the same bits as never having stopped.
  void save(SafeTensors& to) const;
  /// Throws std::invalid_argument naming what is missing or of another shape.
  void restore(const SafeTensors& from);

  /// ‖dL/dh_t‖ on a batch that is the same at every call, in double and without flushing subnormals.
  GradientNorms gradient_norms(std::int64_t updates_done) const;

  /// Where the last update's first value that is not finite appeared: "h at time step 37 of 100", "h and c at
  /// time step 3 of 100", "the loss".
  std::string first_non_finite() const;

 private:
  Batch sample(Purpose purpose, std::int64_t first, std::int64_t second, std::int64_t sequences) const;
  void take_piece(std::int64_t n);
  Validation validate_fresh(std::int64_t updates_done);
  void clip();
  bool streamed() const { return task_->validation() != nullptr; }
  bool truncated() const { return config_.train.window > 0; }
  const RecordedModel& training_model() const { return training_model_ ? *training_model_ : model_; }

  Config config_;
  std::unique_ptr<Task> task_;
  RecordedModel model_;
  std::unique_ptr<RecordedModel> training_model_;  ///< null where it is the same
  std::vector<Tensor<float>> parameters_;
  std::unique_ptr<Optimizer> optimizer_;
  Schedule schedule_;
  ShardedPlan training_;
  ShardedPlan validation_;
  std::unique_ptr<WindowedBatch> windowed_;  ///< null with full BPTT and before the first update
  std::int64_t batches_ = 0;                 ///< windowed so far
  Piece piece_;                              ///< that was run last
  Use piece_use_ = Use::evaluation;
  std::vector<std::span<float>> gradient_spans_;
  std::vector<ParameterRef> parameter_refs_;
};

}  // namespace unroll
