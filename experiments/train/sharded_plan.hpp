#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "experiments/config/bytes.hpp"
#include "experiments/train/recorded_model.hpp"
#include "experiments/train/slices.hpp"
#include "framework/plan/plan.hpp"

namespace unroll {

/// `rows` in `shards` contiguous parts, the larger ones, by one row, first. Throws std::invalid_argument,
/// naming both, when there are more shards than rows or fewer than one.
std::vector<Range> split_rows(std::int64_t rows, std::int64_t shards);

/// What a plan of one of `shards` shards may take.
PlanOptions shard_options(Bytes max_memory, std::int64_t shards);

/// A model's plan for batches in a fixed number of shards: each shard has a plan and a copy of its rows, and
/// the shards run side by side on the threads of the caller's arena. Which threads run them, and how many,
/// changes no bit: the shards are the same, and what they compute is put together in their order.
class ShardedPlan {
 public:
  /// Computes `outputs` of `model`, which must outlive it. All shards together keep within `max_memory`
  /// bytes, each within the same part of them; 0: as many as they take.
  ShardedPlan(const RecordedModel& model, const std::vector<Var>& outputs, std::int64_t shards,
              Bytes max_memory = {});

  /// Runs the plans on a batch: in as many shards as it has rows when it has fewer than shards. One shard is
  /// bound as it stands, without a copy, and runs on the calling thread, which says what becomes of
  /// subnormal numbers; several flush them. `piece` and `parameters` must outlive the next calls below.
  void run(const Piece& piece, const std::vector<Tensor<float>>& parameters);

  /// A scalar output that is a mean over the rows of its shard: its mean over the rows of the batch.
  double mean(Var output) const;
  /// The same for the elements of an output of any shape, such as a mean's gradient. Valid until the next
  /// run or the next call for this output; may be changed in place.
  std::span<float> mean_elements(Var output);
  /// An output with one entry for each row of the batch, the shards' rows put together.
  Tensor<float> rows(Var output) const;
  /// The same of one step of a trajectory (T, B, shape...): (B, shape...).
  Tensor<float> step_rows(Var trajectory, std::int64_t step) const;

 private:
  struct Shard {
    Plan<float> plan;
    Piece piece;
  };

  std::size_t used() const { return ranges_.size(); }
  double weight(std::size_t shard) const;
  void run_shard(std::size_t shard, const Piece& piece, const std::vector<Tensor<float>>& parameters);

  const RecordedModel& model_;
  std::int64_t batch_rows_ = 0;
  std::vector<Range> ranges_;  ///< of the last batch
  std::vector<Shard> shards_;
  std::map<Var, std::vector<float>> means_;
};

}  // namespace unroll
