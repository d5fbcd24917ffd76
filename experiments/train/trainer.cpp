#include "experiments/train/trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/train/make_model.hpp"
#include "experiments/train/non_finite.hpp"
#include "framework/optim/clipping.hpp"
#include "framework/tensor/cpu.hpp"

namespace unroll {
namespace {

OptimizerOptions optimizer_options(const TrainConfig& train) {
  OptimizerOptions options;
  options.name = train.optimizer;
  options.momentum = train.momentum;
  options.rmsprop = train.rmsprop;
  if (train.decay > 0) options.decay = train.decay;
  if (train.epsilon > 0) options.epsilon = train.epsilon;
  options.beta1 = train.beta1;
  options.beta2 = train.beta2;
  options.weight_decay = train.weight_decay;
  return options;
}

ScheduleOptions schedule_options(const TrainConfig& train) {
  ScheduleOptions options;
  options.name = train.schedule;
  options.learning_rate = train.learning_rate;
  options.factor = train.schedule_factor;
  options.every = train.schedule_every;
  options.patience = train.schedule_patience;
  return options;
}

std::unique_ptr<RecordedModel> record_training_model(const Config& config, const Task& task) {
  check_windows(config, task);
  const Extent extent = config.train.window > 0 ? Extent::window : Extent::whole;
  if (extent == Extent::whole && !draws_noise(config.model)) return nullptr;
  return std::make_unique<RecordedModel>(config, task, extent, Use::training);
}

}  // namespace

Trainer::Trainer(const Config& config)
    : config_(config),
      task_(make_task(config.task)),
      model_(config, *task_, streamed() ? Extent::window : Extent::whole),
      training_model_(record_training_model(config, *task_)),
      parameters_(initial_parameters(config, model_.specs)),
      optimizer_(make_optimizer(optimizer_options(config.train))),
      schedule_(schedule_options(config.train)),
      training_(training_model(), training_model().training_outputs(), config.train.batch_shards,
                config.train.max_memory),
      validation_(model_, model_.validation_outputs(), config.train.batch_shards, config.train.max_memory) {
  split_rows(config.train.batch, config.train.batch_shards);  // refuses too many shards
}

std::int64_t Trainer::tokens_per_update() const {
  const std::int64_t steps = task_->max_steps(config_.train.batch);
  return config_.train.batch * (truncated() ? std::min(steps, config_.train.stride) : steps);
}

Batch Trainer::sample(Purpose purpose, std::int64_t first, std::int64_t second,
                      std::int64_t sequences) const {
  Stream stream(config_.seed, purpose,
                {static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(second)});
  return purpose == Purpose::validation_data ? task_->sample_to_validate(stream, sequences)
                                             : task_->sample(stream, sequences);
}

void Trainer::take_piece(std::int64_t n) {
  piece_use_ = Use::training;
  if (!truncated()) {
    piece_.batch = sample(Purpose::training_data, n, 0, config_.train.batch);
    return piece_.set_noise(n, 0);
  }
  if (!windowed_ || windowed_->finished())
    windowed_ = std::make_unique<WindowedBatch>(
        *training_model_, sample(Purpose::training_data, batches_++, 0, config_.train.batch),
        config_.train.window, config_.train.stride);
  windowed_->fill(piece_);
  // A stream is one sequence as long as the text: its masks of a sequence are drawn for every window.
  piece_.set_noise(streamed() ? n : batches_ - 1, windowed_->window().first);
}

double Trainer::update(std::int64_t n) {
  take_piece(n);
  training_.run(piece_, parameters_);
  const double loss = training_.mean(training_model().loss);
  if (!std::isfinite(loss)) return loss;
  if (windowed_) windowed_->advance(training_);
  clip();
  parameter_refs_.clear();
  const std::vector<std::size_t>& trained = training_model().trained;
  for (std::size_t g = 0; g < trained.size(); ++g)
    parameter_refs_.push_back(
        {model_.specs[trained[g]].name, parameters_[trained[g]].span(), gradient_spans_[g]});
  optimizer_->step(schedule_.learning_rate(n), parameter_refs_);
  for (const std::size_t i : trained) project(model_.specs[i].bounds, parameters_[i].span());
  return loss;
}

void Trainer::clip() {
  gradient_spans_.clear();
  for (const Var& g : training_model().parameter_gradients)
    gradient_spans_.push_back(training_.mean_elements(g));
  if (config_.train.clip_norm > 0) clip_by_norm(gradient_spans_, config_.train.clip_norm);
  if (config_.train.clip_value > 0)
    clip_by_value(gradient_spans_, static_cast<float>(config_.train.clip_value));
}

Validation Trainer::validate(std::int64_t updates_done) {
  return streamed() ? evaluate(*task_->validation(), parameters_) : validate_fresh(updates_done);
}

Validation Trainer::evaluate(const Batch& text, const std::vector<Tensor<float>>& parameters) {
  const std::int64_t window = validation_window(text.rows());
  WindowedBatch windows(model_, text, window, window);
  double loss = 0, wrong = 0;
  piece_use_ = Use::evaluation;
  while (!windows.finished()) {
    windows.fill(piece_);
    validation_.run(piece_, parameters);
    const auto steps = static_cast<double>(windows.window().length());
    loss += validation_.mean(model_.loss) * steps;
    wrong += validation_.mean(model_.wrong) * steps;
    if (!std::isfinite(loss)) return {loss, 1};
    windows.advance(validation_);
  }
  return {loss / static_cast<double>(text.steps()), wrong / static_cast<double>(text.steps())};
}

Validation Trainer::validate_fresh(std::int64_t updates_done) {
  const std::int64_t total = config_.train.validation_sequences;
  double loss = 0;
  std::int64_t wrong = 0;
  for (std::int64_t done = 0, part = 0; done < total; ++part) {
    const std::int64_t sequences = std::min(validation_batch, total - done);
    piece_.batch = sample(Purpose::validation_data, updates_done, part, sequences);
    piece_use_ = Use::evaluation;
    validation_.run(piece_, parameters_);
    const double part_loss = validation_.mean(model_.loss);
    if (!std::isfinite(part_loss)) return {part_loss, 1};  // first_non_finite() looks at this batch
    loss += part_loss * static_cast<double>(sequences);
    wrong += task_->count_wrong(piece_.batch, validation_.rows(model_.outputs));
    done += sequences;
  }
  return {loss / static_cast<double>(total), static_cast<double>(wrong) / static_cast<double>(total)};
}

GradientNorms Trainer::gradient_norms(std::int64_t updates_done) const {
  const KeepSubnormals guard;
  Stream stream(config_.seed, Purpose::diagnostics_data);
  const Batch batch = task_->sample(stream, diagnostics_batch);
  const Tensor<double> inputs = convert<double>(batch.inputs), targets = convert<double>(batch.targets);
  std::vector<Tensor<double>> values;
  for (const Tensor<float>& p : parameters_) values.push_back(convert<double>(p));
  Plan<double> plan(*model_.tape, model_.diagnostics_outputs(), shard_options(config_.train.max_memory, 1));
  model_.bind(plan, inputs, targets, batch, values);
  plan.run();
  const Tensor<double> g =
      plan.tensor(model_.trajectory_gradient);  // (T, B, hidden), of the batch's mean loss
  const std::int64_t steps = g.shape()[0], rows = g.shape()[1], hidden = g.shape()[2];
  GradientNorms result{updates_done, {}};
  for (std::int64_t t = 0; t < steps; ++t) {
    double mean = 0;
    for (std::int64_t row = 0; row < rows; ++row) {
      double squares = 0;
      for (std::int64_t i = 0; i < hidden; ++i) {
        const double x = g[(t * rows + row) * hidden + i];
        squares += x * x;
      }
      // Times rows: of this sequence's own loss. Divided by rows: the mean. They cancel.
      mean += std::sqrt(squares);
    }
    result.norms.push_back(mean);
  }
  return result;
}

std::string Trainer::first_non_finite() const {
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    if (first_bad(parameters_[i].span()) >= 0) return fmt::format("parameter {}", model_.specs[i].name);
  const bool window = piece_use_ == Use::training && windowed_;
  return unroll::first_non_finite(config_, *task_, piece_, piece_use_, parameters_,
                                  window ? windowed_->window().first : 0,
                                  window ? windowed_->steps() : piece_.batch.steps());
}

}  // namespace unroll
