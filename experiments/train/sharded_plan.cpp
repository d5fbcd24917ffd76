#include "experiments/train/sharded_plan.hpp"

#include <fmt/format.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <stdexcept>

#include "framework/tensor/cpu.hpp"
#include "framework/tensor/gemm.hpp"

namespace unroll {
std::vector<Range> split_rows(std::int64_t rows, std::int64_t shards) {
  if (shards < 1 || shards > rows)
    throw std::invalid_argument(
        fmt::format("train.batch_shards: {} shards of a batch of {} sequences; each shard needs at least one",
                    shards, rows));
  std::vector<Range> ranges;
  for (std::int64_t i = 0, first = 0; i < shards; ++i) {
    const std::int64_t count = rows / shards + (i < rows % shards);
    ranges.push_back({first, count});
    first += count;
  }
  return ranges;
}

PlanOptions shard_options(Bytes max_memory, std::int64_t shards) {
  if (max_memory.count == 0) return {};
  // A part of less than a byte would be no limit.
  return {.max_memory = std::max<std::size_t>(1, max_memory.count / static_cast<std::size_t>(shards))};
}

ShardedPlan::ShardedPlan(const RecordedModel& model, const std::vector<Var>& outputs, std::int64_t shards,
                         Bytes max_memory)
    : model_(model) {
  const PlanOptions options = shard_options(max_memory, shards);
  for (std::int64_t i = 0; i < shards; ++i)
    shards_.push_back({Plan<float>(*model.tape, outputs, options), {}});
}

void ShardedPlan::run(const Piece& piece, const std::vector<Tensor<float>>& parameters) {
  batch_rows_ = piece.batch.rows();
  ranges_ = split_rows(batch_rows_, std::min(batch_rows_, static_cast<std::int64_t>(shards_.size())));
  if (used() == 1) {
    model_.bind(shards_[0].plan, piece, parameters);
    return shards_[0].plan.run();
  }
  // A thread that waits for other shards must not start another trial meanwhile.
  tbb::this_task_arena::isolate([&] {
    tbb::parallel_for(
        std::size_t{0}, used(),
        [&](std::size_t i) {
          const FlushSubnormals flush;
          single_threaded_products();
          run_shard(i, piece, parameters);
        },
        tbb::simple_partitioner{});
  });
}

void ShardedPlan::run_shard(std::size_t i, const Piece& piece, const std::vector<Tensor<float>>& parameters) {
  Piece& part = shards_[i].piece;
  model_.copy_part(piece.batch, sizes::B, ranges_[i], part.batch);
  part.initial.resize(model_.initial.size());
  for (std::size_t s = 0; s < model_.initial.size(); ++s)
    copy_range(piece.initial[s], 0, ranges_[i], part.initial[s]);
  part.carried = piece.carried;
  if (model_.step_weights.valid()) part.step_weights = piece.step_weights;
  part.number = piece.number;
  part.first_row[0] = ranges_[i].first;
  part.time_steps = piece.time_steps;
  model_.bind(shards_[i].plan, part, parameters);
  shards_[i].plan.run();
}

double ShardedPlan::weight(std::size_t i) const {
  return static_cast<double>(ranges_[i].count) / static_cast<double>(batch_rows_);
}

double ShardedPlan::mean(Var output) const {
  double sum = 0;
  for (std::size_t i = 0; i < used(); ++i) sum += weight(i) * shards_[i].plan.value(output)[0];
  return sum;
}

std::span<float> ShardedPlan::mean_elements(Var output) {
  if (used() == 1) return shards_[0].plan.mutable_value(output);
  std::vector<std::span<const float>> parts;
  for (std::size_t i = 0; i < used(); ++i) parts.push_back(shards_[i].plan.value(output));
  std::vector<float>& means = means_[output];
  means.resize(parts[0].size());
  for (std::size_t j = 0; j < means.size(); ++j) {
    double sum = 0;
    for (std::size_t i = 0; i < used(); ++i) sum += weight(i) * parts[i][j];
    means[j] = static_cast<float>(sum);
  }
  return means;
}

Tensor<float> ShardedPlan::rows(Var output) const {
  const std::size_t axis = axis_of(output, sizes::B);
  if (used() == 1) return shards_[0].plan.tensor(output);
  Shape shape = shards_[0].plan.tensor(output).shape();
  shape[axis] = batch_rows_;
  Tensor<float> whole(shape);
  for (std::size_t i = 0; i < used(); ++i)
    write_range(shards_[i].plan.value(output).data(), axis, ranges_[i], whole);
  return whole;
}

Tensor<float> ShardedPlan::step_rows(Var trajectory, std::int64_t step) const {
  Shape shape{batch_rows_};
  for (std::size_t axis = 2; axis < trajectory.rank(); ++axis)
    shape.push_back(trajectory.dims()[axis].number());
  Tensor<float> whole(shape);
  for (std::size_t i = 0; i < used(); ++i) {
    const std::int64_t elements = ranges_[i].count * (shape.numel() / batch_rows_);
    write_range(shards_[i].plan.value(trajectory).data() + step * elements, 0, ranges_[i], whole);
  }
  return whole;
}

}  // namespace unroll
