#include <algorithm>

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

}  // namespace

TrialCost trial_cost(const Config& config) {
  const std::unique_ptr<Task> task = make_task(config.task);
  const RecordedModel model(config, *task);
  const Plan<float> training(*model.tape, model.training_outputs());
  const Plan<float> validation(*model.tape, model.validation_outputs());
  const Plan<double> diagnostics(*model.tape, model.diagnostics_outputs());

  const TrainConfig& train = config.train;
  const Sizes update{task->max_steps(), train.batch};
  const Sizes check{task->max_steps(), std::min(validation_batch, train.validation_sequences)};
  const Sizes look{task->max_steps(), diagnostics_batch};
  const double validations = 1.0 + static_cast<double>(train.updates / train.validate_every);
  const double parts =
      static_cast<double>((train.validation_sequences + validation_batch - 1) / validation_batch);
  return {parameter_bytes(model.specs) + training.peak_bytes(update) + validation.peak_bytes(check) +
              diagnostics.peak_bytes(look) +
              batch_bytes(*task, std::max(update.batch, check.batch), sizeof(float)) +
              batch_bytes(*task, look.batch, sizeof(double)),
          static_cast<double>(train.updates) * training.flops(update) +
              validations * parts * validation.flops(check)};
}

}  // namespace unroll
