#include "experiments/train/sharded_plan.hpp"

#include <fmt/format.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "experiments/data/slices.hpp"
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

std::int64_t largest_shard(std::int64_t rows, std::int64_t shards) {
  return split_rows(rows, std::min(rows, shards)).front().count;
}

PlanOptions shard_options(Bytes max_memory, std::int64_t shards) {
  if (max_memory.count == 0) return {};
  // A part of less than a byte would be no limit.
  return {.max_memory = std::max<std::size_t>(1, max_memory.count / static_cast<std::size_t>(shards))};
}

ShardedPlan::ShardedPlan(std::shared_ptr<const TaskModel> model, const std::vector<Var>& outputs,
                         std::int64_t shards, Bytes max_memory)
    : model_(std::move(model)) {
  const PlanOptions options = shard_options(max_memory, shards);
  for (std::int64_t i = 0; i < shards; ++i)
    shards_.push_back({Plan<float>(*model_->tape, outputs, options), {}});
}

void ShardedPlan::run(const Piece& piece, const std::vector<Tensor<float>>& parameters,
                      const std::function<void()>& beside) {
  piece_ = &piece;
  const std::int64_t rows = piece.batch.rows();
  ranges_ = split_rows(rows, std::min(rows, static_cast<std::int64_t>(shards_.size())));
  const double total = model_->weights.valid() ? total_weight(piece, model_->spec.every_step()) : 1;
  if (used() == 1) return run_shard(0, total, parameters);
  const std::size_t tasks = used() + (beside != nullptr);
  // A thread that waits for other shards must not start another trial meanwhile.
  tbb::this_task_arena::isolate([&] {
    tbb::parallel_for(
        std::size_t{0}, tasks,
        [&](std::size_t i) {
          const FlushSubnormals flush;
          single_threaded_products();
          i < used() ? run_shard(i, total, parameters) : beside();
        },
        tbb::simple_partitioner{});
  });
}

void ShardedPlan::run_shard(std::size_t i, double total, const std::vector<Tensor<float>>& parameters) {
  Shard& shard = shards_[i];
  model_->fill(shard.feed, *piece_, ranges_[i], total);
  model_->bind(shard.plan, shard.feed, piece_of(i), parameters);
  shard.plan.run();
}

double ShardedPlan::share(std::size_t i) const {
  return static_cast<double>(ranges_[i].count) / static_cast<double>(piece_->batch.rows());
}

double ShardedPlan::loss() const {
  double sum = 0;
  for (std::size_t i = 0; i < used(); ++i)
    sum += share(i) * static_cast<double>(shards_[i].plan.value(model_->loss)[0]);
  return sum;
}

std::span<float> ShardedPlan::mean_elements(Var output) {
  if (used() == 1) return shards_[0].plan.mutable_value(output);
  std::vector<const float*> parts;
  for (std::size_t i = 0; i < used(); ++i) parts.push_back(shards_[i].plan.value(output).data());
  std::vector<float>& means = means_[output];
  means.resize(shards_[0].plan.value(output).size());
  std::array<double, 512> sums;  // as long as stays in the first-level cache: all shards wait for this
  for (std::size_t first = 0; first < means.size(); first += sums.size()) {
    const std::size_t count = std::min(sums.size(), means.size() - first);
    sums.fill(0);
    for (std::size_t i = 0; i < used(); ++i) {
      const double weight = share(i);
      for (std::size_t j = 0; j < count; ++j) sums[j] += weight * static_cast<double>(parts[i][first + j]);
    }
    std::copy_n(sums.begin(), count, means.begin() + static_cast<std::ptrdiff_t>(first));
  }
  return means;
}

Tensor<float> ShardedPlan::step_rows(Var trajectory, std::int64_t step) const {
  const std::int64_t rows = piece_->batch.rows();
  Shape shape{rows};
  for (std::size_t axis = 2; axis < trajectory.rank(); ++axis)
    shape.push_back(trajectory.dims()[axis].number());
  Tensor<float> whole(shape);
  for (std::size_t i = 0; i < used(); ++i) {
    const std::int64_t elements = ranges_[i].count * (shape.numel() / rows);
    write_range(shards_[i].plan.value(trajectory).data() + step * elements, 0, ranges_[i], whole);
  }
  return whole;
}

void ShardedPlan::add_to(Tally& tally) const {
  for (std::size_t i = 0; i < used(); ++i) {
    std::vector<std::span<const float>> values;
    for (const Var& element : model_->elements) values.push_back(shards_[i].plan.value(element));
    unroll::add_to(tally, model_->spec.objective, model_->spec.criterion, piece_of(i).batch, ranges_[i].count,
                   model_->layout(shards_[i].feed, ranges_[i].count), values);
  }
}

std::size_t ShardedPlan::peak_bytes(Sizes sizes) const {
  std::size_t bytes = 0;
  for (const Range& rows :
       split_rows(sizes.batch, std::min(sizes.batch, static_cast<std::int64_t>(shards_.size()))))
    bytes += shards_[0].plan.peak_bytes({sizes.time, rows.count});
  return bytes;
}

}  // namespace unroll
