#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "experiments/config/bytes.hpp"
#include "experiments/train/task_model.hpp"
#include "framework/plan/plan.hpp"

namespace unroll {

/// `rows` in `shards` contiguous parts, the larger ones, by one row, first. Throws std::invalid_argument,
/// naming both, when there are more shards than rows or fewer than one.
std::vector<Range> split_rows(std::int64_t rows, std::int64_t shards);
/// Rows of the largest part, where there are at most as many parts as rows.
std::int64_t largest_shard(std::int64_t rows, std::int64_t shards);

/// What a plan of one of `shards` shards may take.
PlanOptions shard_options(Bytes max_memory, std::int64_t shards);

/// A model's plan for batches in a fixed number of shards: each shard has a plan and a copy of its rows, and
/// the shards run side by side on the threads of the caller's arena. Which threads run them, and how many,
/// changes no bit: the shards are the same, and what they compute is put together in their order.
class ShardedPlan {
 public:
  /// Computes `outputs` of `model`. All shards together keep within `max_memory` bytes, each within the same
  /// part of them; 0: as many as they take.
  ShardedPlan(std::shared_ptr<const TaskModel> model, const std::vector<Var>& outputs, std::int64_t shards,
              Bytes max_memory = {});

  const TaskModel& model() const { return *model_; }

  /// Runs the plans on a piece: in as many shards as it has rows when it has fewer than shards. One shard
  /// reads it as it stands and runs on the calling thread, which says what becomes of subnormal numbers;
  /// several flush them. `piece` and `parameters` must outlive the next calls below. Where there are several,
  /// `beside` is done once while they run, by the thread that is free first: a thread with nothing to do
  /// falls asleep, and waking it takes longer than much of what is done between two runs.
  void run(const Piece& piece, const std::vector<Tensor<float>>& parameters,
           const std::function<void()>& beside = nullptr);

  /// The loss of the whole piece.
  double loss() const;
  /// Elements of an output that is a mean over the rows of its shard, such as a gradient of the loss: of the
  /// whole piece. Valid until the next run or the next call for this output; may be changed in place.
  std::span<float> mean_elements(Var output);
  /// One step of a trajectory (T, B, shape...): (B, shape...) of the whole piece.
  Tensor<float> step_rows(Var trajectory, std::int64_t step) const;
  /// Adds what the model's elements say of the piece.
  void add_to(Tally& tally) const;

  /// Bytes and operations of a run at these sizes.
  std::size_t peak_bytes(Sizes sizes) const;
  double flops(Sizes sizes) const { return shards_[0].plan.flops(sizes); }

 private:
  struct Shard {
    Plan<float> plan;
    Feed<float> feed;
  };

  std::size_t used() const { return ranges_.size(); }
  double share(std::size_t shard) const;
  void run_shard(std::size_t shard, double total, const std::vector<Tensor<float>>& parameters);
  const Piece& piece_of(std::size_t shard) const { return used() == 1 ? *piece_ : shards_[shard].feed.piece; }

  std::shared_ptr<const TaskModel> model_;
  const Piece* piece_ = nullptr;  ///< that was run last
  std::vector<Range> ranges_;     ///< of it
  std::vector<Shard> shards_;
  std::map<Var, std::vector<float>> means_;
};

}  // namespace unroll
