#include "experiments/train/trainer.hpp"

#include <algorithm>
#include <cmath>

#include "experiments/train/noise.hpp"
#include "framework/optim/clipping.hpp"

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
  options.gain = train.schedule_gain;
  return options;
}

}  // namespace

Trainer::Trainer(const Config& config, TrialModels& models)
    : config_(config),
      models_(models),
      parameters_(initial_parameters(config, model().model)),
      optimizer_(make_optimizer(optimizer_options(config.train))),
      schedule_(schedule_options(config.train)) {}

std::int64_t Trainer::tokens_per_update() const {
  const std::int64_t steps = models_.training().max_steps(config_.train.batch);
  return config_.train.batch * (truncated() ? std::min(steps, config_.train.stride) : steps);
}

Batch Trainer::batch(std::int64_t n) {
  if (!ahead_ || ahead_->number != n) return models_.training().batch(n, config_.train.batch);
  Batch drawn = std::move(ahead_->batch);
  ahead_.reset();
  return drawn;
}

/// Beside the shards of an update, so that their threads do not wait for it. A batch that is read in windows
/// holds a whole series and is drawn too seldom to be worth a second one.
void Trainer::draw_ahead(std::int64_t n) {
  if (!truncated()) ahead_ = {n, models_.training().batch(n, config_.train.batch)};
}

void Trainer::take_piece(std::int64_t n) {
  if (!truncated()) {
    piece_.batch = batch(n);
    piece_.number = n;
    return;
  }
  if (!windowed_ || windowed_->finished())
    windowed_ = std::make_unique<WindowedBatch>(model(), batch(batches_++), config_.train.window,
                                                config_.train.stride);
  windowed_->fill(piece_);
  // A stream is one sequence as long as the series: its masks of a sequence are drawn for every window.
  piece_.number = models_.training().carried() ? n : batches_ - 1;
}

double Trainer::update(std::int64_t n) {
  take_piece(n);
  ShardedPlan& plan = models_.training_plan(n);
  add_weight_noise(n);
  plan.run(piece_, used_parameters(), [&] { draw_ahead(n + 1); });
  const double loss = plan.loss();
  if (!std::isfinite(loss)) return loss;
  if (windowed_) windowed_->advance(plan);
  collect_gradients(plan);
  if (watch_) watch_(n, gradient_spans_);
  clip();
  add_gradient_noise(n);
  const bool finite = gradients_are_finite();
  if (!finite) suspect(n);
  config_.train.guess > 0 ? guess(n) : step(n);
  for (const std::size_t i : model().trained) project(specs()[i].bounds, parameters_[i].span());
  if (!finite) clear_suspicion();
  return loss;
}

void Trainer::step(std::int64_t n) {
  parameter_refs_.clear();
  const std::vector<std::size_t>& trained = model().trained;
  for (std::size_t g = 0; g < trained.size(); ++g)
    parameter_refs_.push_back({specs()[trained[g]].name, parameters_[trained[g]].span(), gradient_spans_[g],
                               specs()[trained[g]].rate});
  optimizer_->step(schedule_.learning_rate(n), parameter_refs_);
}

/// Streams of a parameter and an update are others than those that a parameter starts from.
void Trainer::guess(std::int64_t n) {
  for (const std::size_t i : model().trained)
    draw_uniform({config_.seed, Purpose::parameters, n, i}, config_.train.guess, parameters_[i].span());
}

bool Trainer::gradients_are_finite() const {
  return std::ranges::all_of(gradient_spans_, [](std::span<const float> g) { return all_finite(g); });
}

void Trainer::suspect(std::int64_t n) {
  if (suspect_) return;
  suspect_ = {
      .update = n + 1, .backward = true, .steps = steps(), .piece = piece_, .parameters = used_parameters()};
}

/// Bounds on a parameter may have taken the harm away.
void Trainer::clear_suspicion() {
  if (std::ranges::all_of(parameters_, [](const Tensor<float>& p) { return all_finite(p.span()); }))
    suspect_.reset();
}

void Trainer::add_weight_noise(std::int64_t n) {
  const double deviation = config_.train.weight_noise;
  if (deviation == 0) return;
  noisy_ = parameters_;
  for (const std::size_t i : model().trained)
    add_noise({config_.seed, Purpose::weight_noise, n, i}, deviation, noisy_[i].span());
}

void Trainer::add_gradient_noise(std::int64_t n) {
  const TrainConfig& train = config_.train;
  if (train.gradient_noise == 0) return;
  const double variance =
      train.gradient_noise / std::pow(1 + static_cast<double>(n), train.gradient_noise_decay);
  const std::vector<std::size_t>& trained = model().trained;
  for (std::size_t g = 0; g < trained.size(); ++g)
    add_noise({config_.seed, Purpose::gradient_noise, n, trained[g]}, std::sqrt(variance),
              gradient_spans_[g]);
}

void Trainer::collect_gradients(ShardedPlan& plan) {
  gradient_spans_.clear();
  for (const Var& g : plan.model().parameter_gradients) gradient_spans_.push_back(plan.mean_elements(g));
}

void Trainer::clip() {
  if (config_.train.clip_norm > 0) clip_by_norm(gradient_spans_, config_.train.clip_norm);
  if (config_.train.clip_value > 0)
    clip_by_value(gradient_spans_, static_cast<float>(config_.train.clip_value));
}

}  // namespace unroll
