#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

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
  const std::int64_t places = task.max_steps(sequences) * sequences;
  if (task.vocabulary()) return static_cast<std::size_t>(places) * 2 * sizeof(std::int64_t);
  return static_cast<std::size_t>(places * (task.input_size() + task.output_size())) * real_bytes;
}

/// What a trial computes again and again, how large it gets, and what makes it smaller.
struct Work {
  const char* what;
  const char* remedy;
  Sizes sizes;
};

/// Every shard has an arena of its own.
template <class T>
std::size_t bytes_of(const Plan<T>& plan, const Work& work, Bytes max_memory, std::int64_t shards) {
  try {
    std::size_t bytes = 0;
    for (const Range& rows : split_rows(work.sizes.batch, std::min(work.sizes.batch, shards)))
      bytes += plan.peak_bytes({work.sizes.time, rows.count});
    return bytes;
  } catch (const std::length_error& error) {
    throw std::length_error(
        fmt::format("train.max_memory: {}{} is not enough for {}. {}\nRaise it, lower task.length or "
                    "model.hidden, or {}.",
                    to_text(max_memory), shards > 1 ? fmt::format(" in {} shards", shards) : "", work.what,
                    error.what(), work.remedy));
  }
}

/// The gradients with respect to every step's state, which no checkpoints make fewer.
std::size_t diagnostics_bytes(const Config& config, const Task& task, const RecordedModel& model) {
  if (!config.train.gradient_norms || task.validation()) return 0;
  const Bytes max_memory = config.train.max_memory;
  const Plan<double> plan(*model.tape, model.diagnostics_outputs(), shard_options(max_memory, 1));
  const Work work{"the gradient's norms, in double at every step",
                  "set train.gradient_norms to false",
                  {task.max_steps(diagnostics_batch), diagnostics_batch}};
  return bytes_of(plan, work, max_memory, 1) + batch_bytes(task, diagnostics_batch, sizeof(double));
}

/// Of one run of the plan that validates.
Sizes validation_sizes(const Task& task, const TrainConfig& train) {
  if (const Batch* text = task.validation())
    return {std::min(text->steps(), validation_window(text->rows())), text->rows()};
  const std::int64_t sequences = std::min(validation_batch, train.validation_sequences);
  return {task.max_steps(sequences), sequences};
}

/// Runs of it in one validation.
double validation_parts(const Task& task, const TrainConfig& train) {
  if (const Batch* text = task.validation())
    return static_cast<double>(text->steps()) / static_cast<double>(validation_window(text->rows()));
  return static_cast<double>((train.validation_sequences + validation_batch - 1) / validation_batch);
}

}  // namespace

TrialCost trial_cost(const Config& config) {
  const TrainConfig& train = config.train;
  const std::unique_ptr<Task> task = make_task(config.task);
  const bool truncated = train.window > 0, sharded = train.batch_shards > 1;
  const RecordedModel model(config, *task, task->validation() ? Extent::window : Extent::whole);
  const RecordedModel training_model(config, *task, truncated ? Extent::window : Extent::whole,
                                     Use::training);
  const PlanOptions options = shard_options(train.max_memory, train.batch_shards);
  const Plan<float> training(*training_model.tape, training_model.training_outputs(), options);
  const Plan<float> validation(*model.tape, model.validation_outputs(), options);

  const std::int64_t steps = task->max_steps(train.batch);
  const Sizes update{truncated ? std::min(steps, train.window) : steps, train.batch};
  const Sizes check = validation_sizes(*task, train);
  const double validations = 1.0 + static_cast<double>(train.updates / train.validate_every);
  const double parts = validation_parts(*task, train);
  // The batch itself, the window, and the shards' parts in training and in validation.
  const std::size_t batches = 1 + truncated + 2 * sharded;
  const auto plan_bytes = [&](const Plan<float>& plan, const Work& work) {
    return bytes_of(plan, work, train.max_memory, train.batch_shards);
  };
  return {parameter_bytes(model.specs) + plan_bytes(training, {"an update", "lower train.batch", update}) +
              plan_bytes(validation, {"a validation", "lower train.validation_sequences below 500", check}) +
              batches * batch_bytes(*task, std::max(update.batch, check.batch), sizeof(float)) +
              diagnostics_bytes(config, *task, model) +
              (sharded ? elements(model.specs) * sizeof(float) : 0),  // the mean gradients
          static_cast<double>(train.updates) * training.flops(update) +
              validations * parts * validation.flops(check)};
}

}  // namespace unroll
