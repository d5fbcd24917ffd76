#include "experiments/train/trial_models.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "experiments/train/flossing.hpp"
#include "experiments/train/taught_task.hpp"
#include "experiments/train/windowed_batch.hpp"

namespace unroll {
namespace {

/// A batch that no training gets to.
constexpr std::int64_t diagnostics_number = std::numeric_limits<std::uint32_t>::max();

Recording training_recording(const Config& config, const TaskSpec& spec, const DataSource& training) {
  Recording recording;
  recording.windows = config.train.window > 0;
  recording.training = true;
  if (!recording.windows && share_rows(config, spec, training))
    recording.packed_sequences = largest_shard(config.train.batch, config.train.batch_shards);
  recording.weighted = recording.windows || training.uneven() || training.weighted();
  return recording;
}

/// Where sequences must share rows to be read out after their own last steps, the longest one alone: a
/// packing has no order of steps that norms could stand over.
Batch alike(Batch batch, const TaskSpec& spec, const Config& config) {
  if (batch.even() || (spec.every_step() && !config.model.bidirectional)) return batch;
  const auto longest = std::ranges::find(batch.lengths, batch.steps());
  Batch one;
  copy_rows(batch, {longest - batch.lengths.begin(), 1}, spec.every_step(), one);
  return one;
}

std::shared_ptr<TaskModel> with_gradients(std::shared_ptr<TaskModel> model) {
  model->record_gradients();
  return model;
}

const Config& checked(const CellList& cells, const Config& config, const TaskSpec& spec,
                      const DataSource& training) {
  check_windows(config, spec, training);
  check_flossing(cells, config, spec, training);
  split_rows(config.train.batch, config.train.batch_shards);  // refuses too many shards
  return config;
}

std::size_t elements_of(const std::vector<ParameterSpec>& specs) {
  std::size_t total = 0;
  for (const ParameterSpec& spec : specs) total += static_cast<std::size_t>(spec.shape.numel());
  return total;
}

std::size_t batch_bytes(const TaskSpec& spec, Sizes sizes, std::size_t real_bytes) {
  const auto places = static_cast<std::size_t>(sizes.time * sizes.batch);
  if (spec.inputs == InputKind::tokens) return places * 2 * sizeof(std::int64_t);
  return places * static_cast<std::size_t>(spec.input_size + spec.output_size) * real_bytes;
}

/// What is computed again and again, and what makes it smaller.
struct Work {
  const char* what;
  const char* remedy;
  Sizes sizes;
};

/// Says what was being done when there was too little memory for it.
template <class PlanType>
std::size_t bytes_of(const PlanType& plan, const Work& work, const TrainConfig& train) {
  try {
    return plan.peak_bytes(work.sizes);
  } catch (const std::length_error& error) {
    throw std::length_error(
        fmt::format("train.max_memory: {}{} is not enough for {}. {}\nRaise it, lower task.length or "
                    "model.hidden, or {}.",
                    to_text(train.max_memory),
                    train.batch_shards > 1 ? fmt::format(" in {} shards", train.batch_shards) : "", work.what,
                    error.what(), work.remedy));
  }
}

}  // namespace

std::unique_ptr<const DataSource> training_source(const Task& task, const Config& config) {
  const std::int64_t sequences = config.train.training_sequences;
  return sequences > 0 ? task.training_set(config.seed, sequences) : task.training(config.seed);
}

TrialModels::TrialModels(const Laboratory& laboratory, const Config& config)
    : laboratory_(laboratory),
      config_(config),
      task_(task_for(laboratory, config)),
      training_(training_source(*task_, config)),
      validation_(task_->validation(config.train.validation_sequences)),
      test_(task_->test(config.train.test_sequences)),
      training_model_(with_gradients(record(
          training_recording(checked(laboratory.cells(), config, spec(), *training_), spec(), *training_)))),
      evaluation_model_(
          record_unless_alike(evaluation_recording(config, spec(), {validation_.get(), test_.get()}))),
      training_plan_(training_model_, training_model_->training_outputs(), config.train.batch_shards,
                     config.train.max_memory),
      evaluator_(evaluation_model_, config.train.batch_shards, config.train.max_memory) {
  if (!flosses_first()) return;
  Recording alone = training_model_->recording;
  alone.flossing_alone = true;
  const std::shared_ptr<TaskModel> model = with_gradients(record(alone));
  flossing_plan_ = std::make_unique<ShardedPlan>(model, model->training_outputs(), config.train.batch_shards,
                                                 config.train.max_memory);
}

bool TrialModels::flosses_first() const {
  return config_.train.flossing > 0 && config_.train.flossing_updates > 0;
}

ShardedPlan& TrialModels::training_plan(std::int64_t n) {
  return flossing_plan_ && n < config_.train.flossing_updates ? *flossing_plan_ : training_plan_;
}

std::shared_ptr<TaskModel> TrialModels::record_unless_alike(const Recording& recording) const {
  return training_model_->recording == recording ? training_model_ : record(recording);
}

std::shared_ptr<TaskModel> TrialModels::record(const Recording& recording) const {
  return std::make_shared<TaskModel>(laboratory_.cells(), config_, task_->spec(), recording);
}

Batch TrialModels::diagnostics() const {
  if (!training_->carried())
    return alike(training_->batch(diagnostics_number, diagnostics_batch), spec(), config_);
  Batch batch = training_->batch(0, config_.train.batch), first;
  copy_steps(batch, {0, std::min(batch.steps(), config_.train.window)}, first);
  return first;
}

const TaskModel& TrialModels::diagnostics_model() {
  if (diagnostics_model_) return *diagnostics_model_;
  diagnostics_model_ =
      std::make_shared<TaskModel>(laboratory_.cells(), config_, task_->spec(), Recording{.weighted = true});
  diagnostics_model_->record_state_gradients();
  return *diagnostics_model_;
}

Plan<double> TrialModels::diagnostics_plan() {
  const TaskModel& model = diagnostics_model();
  return Plan<double>(*model.tape, model.state_gradients, shard_options(config_.train.max_memory, 1));
}

/// The gradients with respect to every step's state, which no checkpoints make fewer.
std::size_t TrialModels::diagnostics_bytes() {
  const std::int64_t rows = training_->carried() ? config_.train.batch : diagnostics_batch;
  const std::int64_t steps = training_->max_steps(rows);
  const Sizes sizes{training_->carried() ? std::min(steps, config_.train.window) : steps, rows};
  const Work work{"the gradient's norms, in double at every step", "leave state_gradients out of diagnose",
                  sizes};
  return bytes_of(diagnostics_plan(), work, config_.train) + batch_bytes(spec(), sizes, sizeof(double));
}

/// They look one after the other.
std::size_t TrialModels::instruments_bytes() {
  std::size_t most = 0;
  for (const Instrument* one : instruments_of(laboratory_.instruments(), config_))
    if (one->bytes) most = std::max(most, one->bytes(*this));
  return most;
}

TrialCost TrialModels::cost() {
  const TrainConfig& train = config_.train;
  const bool sharded = train.batch_shards > 1;
  const std::int64_t steps = training_->max_steps(train.batch);
  const Sizes update{train.window > 0 ? std::min(steps, train.window) : steps, train.batch};
  const Sizes check = evaluator_.sizes(*validation_);
  const std::size_t elements = elements_of(training_model_->specs);
  // Values in float, at most two moments of the optimiser, the best ones, and the copy in double of
  // diagnostics.
  const std::size_t parameter_bytes = elements * (4 * sizeof(float) + sizeof(double));
  // The batch itself, the window or, drawn beside shards, the next batch, and the shards' parts or the
  // packing in training and in evaluation.
  const std::size_t batches = 1 + (train.window > 0 || sharded) + 2 * (sharded || training_->uneven());
  const Work of_update{"an update", "lower train.batch", update};
  const std::size_t flossing_bytes = flossing_plan_ ? bytes_of(*flossing_plan_, of_update, train) : 0;
  const auto flossed =
      static_cast<double>(flossing_plan_ ? std::min(train.flossing_updates, train.updates) : 0);
  const double validations = 1.0 + static_cast<double>(train.updates / train.validate_every);
  return {
      parameter_bytes + bytes_of(training_plan_, of_update, train) + flossing_bytes +
          bytes_of(evaluator_.plan(), {"a validation", "lower train.validation_sequences", check}, train) +
          batches * batch_bytes(spec(),
                                {std::max(update.time, check.time), std::max(update.batch, check.batch)},
                                sizeof(float)) +
          instruments_bytes() + (sharded ? elements * sizeof(float) : 0),  // the mean gradients
      (static_cast<double>(train.updates) - flossed) * training_plan_.flops(update) +
          (flossing_plan_ ? flossed * flossing_plan_->flops(update) : 0) +
          validations * evaluator_.runs(*validation_) * evaluator_.plan().flops(check)};
}

TrialCost trial_cost(const Laboratory& laboratory, const Config& config) {
  return TrialModels(laboratory, config).cost();
}

}  // namespace unroll
