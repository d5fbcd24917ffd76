#include <algorithm>

#include "experiments/train/sharded_plan.hpp"
#include "experiments/train/trainer.hpp"

namespace unroll {
namespace {

std::size_t elements(const std::vector<ParameterSpec>& specs) {
  std::size_t total = 0;
  for (const ParameterSpec& spec : specs) {
    std::size_t product = 1;
    for (const std::int64_t extent : spec.shape) product *= static_cast<std::size_t>(extent);
    total += product;
  }
  return total;
}

/// Values in float, at most two moments of the optimiser, and the copy in double that diagnostics take.
std::size_t parameter_bytes(const std::vector<ParameterSpec>& specs) {
  return elements(specs) * (3 * sizeof(float) + sizeof(double));
}

std::size_t batch_bytes(const Task& task, std::int64_t sequences, std::size_t real_bytes) {
  return static_cast<std::size_t>(task.max_steps() * sequences * (task.input_size() + task.output_size())) *
         real_bytes;
}

/// Every shard has an arena of its own.
std::size_t bytes_of(const Plan<float>& plan, Sizes whole, std::int64_t shards) {
  std::size_t bytes = 0;
  for (const Range& rows : split_rows(whole.batch, std::min(whole.batch, shards)))
    bytes += plan.peak_bytes({whole.time, rows.count});
  return bytes;
}

}  // namespace

TrialCost trial_cost(const Config& config) {
  const TrainConfig& train = config.train;
  const std::unique_ptr<Task> task = make_task(config.task);
  const bool truncated = train.window > 0, sharded = train.batch_shards > 1;
  const RecordedModel model(config, *task);
  const RecordedModel training_model(config, *task, truncated ? Extent::window : Extent::whole);
  const Plan<float> training(*training_model.tape, training_model.training_outputs());
  const Plan<float> validation(*model.tape, model.validation_outputs());
  const Plan<double> diagnostics(*model.tape, model.diagnostics_outputs());

  const Sizes update{truncated ? std::min(task->max_steps(), train.window) : task->max_steps(), train.batch};
  const Sizes check{task->max_steps(), std::min(validation_batch, train.validation_sequences)};
  const Sizes look{task->max_steps(), diagnostics_batch};
  const double validations = 1.0 + static_cast<double>(train.updates / train.validate_every);
  const double parts =
      static_cast<double>((train.validation_sequences + validation_batch - 1) / validation_batch);
  // The batch itself, the window, and the shards' parts in training and in validation.
  const std::size_t batches = 1 + truncated + 2 * sharded;
  return {parameter_bytes(model.specs) + bytes_of(training, update, train.batch_shards) +
              bytes_of(validation, check, train.batch_shards) + diagnostics.peak_bytes(look) +
              batches * batch_bytes(*task, std::max(update.batch, check.batch), sizeof(float)) +
              batch_bytes(*task, look.batch, sizeof(double)) +
              (sharded ? elements(model.specs) * sizeof(float) : 0),  // the mean gradients
          static_cast<double>(train.updates) * training.flops(update) +
              validations * parts * validation.flops(check)};
}

}  // namespace unroll
