#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "experiments/train/non_finite.hpp"
#include "experiments/train/trial_models.hpp"
#include "experiments/train/windowed_batch.hpp"
#include "framework/optim/optimizer.hpp"
#include "framework/optim/schedule.hpp"
#include "framework/tensor/safetensors.hpp"

namespace unroll {

/// One model in training: parameters, optimiser, schedule. Batch n is a function of the seed and n, so that
/// updates can be counted and repeated. An update takes a batch, or with truncated BPTT the next window of
/// one.
class Trainer {
 public:
  Trainer(const Config& config, TrialModels& models);
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  /// Steps of all sequences that one update goes on by, at most.
  std::int64_t tokens_per_update() const;
  const std::vector<ParameterSpec>& specs() const { return model().specs; }
  /// As they are now, in the order of specs().
  const std::vector<Tensor<float>>& parameters() const { return parameters_; }
  /// Those that the last update took its gradient at: with noise, where there is to be.
  const std::vector<Tensor<float>>& used_parameters() const { return noisy_.empty() ? parameters_ : noisy_; }

  /// Update number n (0, 1, 2, ... in this order): sample, forward, backward, clip, step. Returns the batch's
  /// loss before the step, with noisy weights where they are wanted. When the loss is not finite, the
  /// parameters stay as they are.
  double update(std::int64_t n);
  /// Called at every update with its number and its gradients before they are clipped.
  using Watch = std::function<void(std::int64_t n, std::span<const std::span<float>> gradients)>;
  void watch(Watch watch) { watch_ = std::move(watch); }
  /// Lets the schedule see a validation loss.
  void observe(double validation_loss) { schedule_.observe(validation_loss); }

  /// All that the next updates depend on: going on from it gives the same bits as never having stopped.
  void save(SafeTensors& to) const;
  /// Throws std::invalid_argument naming what is missing or of another shape.
  void restore(const SafeTensors& from);

  /// The first update since all parameters were finite whose gradients were not, after clipping, though its
  /// loss was: it spoils the loss of a later one. Nothing where there is none.
  const std::optional<NonFiniteBatch>& suspect() const { return suspect_; }

  /// What the last update ran, and how long its sequences are.
  const Piece& piece() const { return piece_; }
  std::int64_t steps() const { return windowed_ ? windowed_->steps() : piece_.batch.steps(); }

 private:
  Batch batch(std::int64_t n);
  void draw_ahead(std::int64_t n);
  void take_piece(std::int64_t n);
  void collect_gradients(ShardedPlan& plan);
  void add_weight_noise(std::int64_t n);
  void clip();
  void add_gradient_noise(std::int64_t n);
  void step(std::int64_t n);
  void guess(std::int64_t n);
  bool gradients_are_finite() const;
  void suspect(std::int64_t n);
  void clear_suspicion();
  bool truncated() const { return config_.train.window > 0; }
  const TaskModel& model() const { return models_.training_model(); }

  const Config& config_;
  TrialModels& models_;
  std::vector<Tensor<float>> parameters_;
  std::vector<Tensor<float>> noisy_;  ///< the same with train.weight_noise; else empty
  std::unique_ptr<Optimizer> optimizer_;
  Schedule schedule_;
  std::unique_ptr<WindowedBatch> windowed_;  ///< null with full BPTT and before the first update
  std::int64_t batches_ = 0;                 ///< windowed so far
  Piece piece_;

  struct Numbered {
    std::int64_t number;
    Batch batch;
  };
  std::optional<Numbered> ahead_;  ///< of the next update, where it is drawn already
  Watch watch_ = nullptr;
  std::optional<NonFiniteBatch> suspect_;
  std::vector<std::span<float>> gradient_spans_;
  std::vector<ParameterRef> parameter_refs_;
};

}  // namespace unroll
