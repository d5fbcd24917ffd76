#pragma once

#include <memory>
#include <string>
#include <vector>

#include "experiments/data/source.hpp"
#include "experiments/train/sharded_plan.hpp"

namespace unroll {

/// Sequences that are evaluated at a time. Part of the results' definition: those of a batch may share their
/// length.
inline constexpr std::int64_t evaluation_batch = 100;

/// What a model's answers on a set are worth.
struct Evaluation {
  MetricValues metrics;  ///< by name; "loss" among them
  double loss() const { return metrics.at("loss"); }
};

/// Which of a task's sets are evaluated: how the model is recorded for it follows from them.
Recording evaluation_recording(const Config& config, const TaskSpec& spec,
                               const std::vector<const DataSource*>& sources);

/// Judges parameters on sets of sequences. The sets are gone through in order, those that are carried in
/// windows.
class Evaluator {
 public:
  /// `model` as evaluation_recording() says.
  Evaluator(std::shared_ptr<const TaskModel> model, std::int64_t shards, Bytes max_memory);

  /// Stops early, with a loss that is not finite, where the loss of a part is none.
  Evaluation evaluate(const DataSource& source, const std::vector<Tensor<float>>& parameters);

  /// What was run last: where a value that is not finite came up.
  const Piece& piece() const { return piece_; }
  const ShardedPlan& plan() const { return plan_; }
  /// Of one run, and how many there are in an evaluation.
  Sizes sizes(const DataSource& source) const;
  double runs(const DataSource& source) const;

 private:
  bool evaluate_batch(std::int64_t n, Batch batch, const std::vector<Tensor<float>>& parameters,
                      Tally& tally);
  bool evaluate_windows(std::int64_t n, Batch batch, const std::vector<Tensor<float>>& parameters,
                        Tally& tally);

  ShardedPlan plan_;
  Piece piece_;
};

/// Steps at a time of a series in so many parts side by side: products of as many rows are fast, and their
/// results fit.
std::int64_t evaluation_window(std::int64_t rows);

}  // namespace unroll
