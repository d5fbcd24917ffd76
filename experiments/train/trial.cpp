#include "experiments/train/trial.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "experiments/train/trainer.hpp"

namespace unroll {
namespace {

/// How often the hooks hear of progress, in updates.
constexpr std::int64_t progress_every = 20;

void note(TrialRecord& record, const Task& task, const CurvePoint& point) {
  if (record.curve.empty() || point.validation_loss < record.best_loss) {
    record.best_loss = point.validation_loss;
    record.best_update = point.update;
  }
  record.last_loss = point.validation_loss;
  record.last_error_rate = point.error_rate;
  if (!record.solved_at && task.solved(point.validation_loss, point.error_rate)) {
    record.solved_at = point.update;
    record.success = true;
  }
  record.curve.push_back(point);
}

void diverge(TrialRecord& record, const std::string& what, double value, std::int64_t update,
             const std::string& where) {
  record.status = TrialStatus::diverged;
  record.reason = fmt::format("{} became {} at update {}; the first value that is not finite is {}", what,
                              value, update, where);
  record.last_loss = value;
}

/// Validates after `n` updates; false when training has to end there.
bool checkpoint(Trainer& trainer, const Config& config, std::int64_t n, double train_loss,
                TrialRecord& record) {
  const Validation validation = trainer.validate(n);
  note(record, trainer.task(), {n, train_loss, validation.loss, validation.error_rate});
  if (!std::isfinite(validation.loss)) {
    diverge(record, "the validation loss", validation.loss, n, trainer.first_non_finite());
    return false;
  }
  if (n > 0) trainer.observe(validation.loss);
  return !(record.success && config.train.early_stop);
}

void train(Trainer& trainer, const Config& config, const TrialHooks& hooks, TrialRecord& record) {
  double sum = 0;
  std::int64_t since = 0;
  for (std::int64_t n = 0; n < config.train.updates; ++n) {
    if (hooks.stop && hooks.stop->load()) throw Interrupted{};
    const double loss = trainer.update(n);
    if (!std::isfinite(loss))
      return diverge(record, "the training loss", loss, n + 1, trainer.first_non_finite());
    record.updates = n + 1;
    sum += loss;
    ++since;
    if (record.updates % progress_every == 0) hooks.progress(record.updates, config.train.updates);
    if (record.updates % config.train.validate_every != 0 && record.updates != config.train.updates) continue;
    if (!checkpoint(trainer, config, record.updates, sum / static_cast<double>(since), record)) return;
    sum = 0;
    since = 0;
  }
}

}  // namespace

TrialRecord run_trial(const Config& config, const TrialHooks& hooks) {
  if (config.train.max_memory.count > 0) trial_cost(config);  // throws where it is too little
  Trainer trainer(config);
  TrialRecord record;
  record.trivial_loss = trainer.task().trivial_loss();
  record.success_rule = trainer.task().success_rule();
  const bool norms = config.train.gradient_norms;
  if (norms) record.gradient_norms.push_back(trainer.gradient_norms(0));
  const bool go_on = checkpoint(trainer, config, 0, std::numeric_limits<double>::quiet_NaN(), record);
  if (go_on) train(trainer, config, hooks, record);
  if (norms && record.status != TrialStatus::diverged)
    record.gradient_norms.push_back(trainer.gradient_norms(record.updates));
  return record;
}

}  // namespace unroll
