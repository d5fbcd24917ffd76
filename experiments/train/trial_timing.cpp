#include "experiments/train/trial_timing.hpp"

#include <algorithm>
#include <chrono>

#include "experiments/instruments/panel.hpp"
#include "experiments/train/trainer.hpp"

namespace unroll {
namespace {

class Watch {
 public:
  /// Since it was made or asked last.
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    const double seconds = std::chrono::duration<double>(now - last_).count();
    last_ = now;
    return seconds;
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

double test_runs(TrialModels& models, const Config& config) {
  double runs = models.test() ? models.evaluator().runs(*models.test()) : 0;
  const double own = static_cast<double>(models.training().max_steps(config.train.batch));
  for (const std::int64_t length : config.task.test_lengths)
    runs += models.evaluator().runs(*models.task().test_at(length, config.train.test_sequences)) *
            static_cast<double>(length) / own;
  return runs;
}

/// The mean of some updates; the first one, which also makes room for itself, is none of them.
double time_updates(Trainer& trainer, const Config& config, double seconds) {
  trainer.update(0);
  Watch watch;
  double spent = 0;
  std::int64_t done = 0;
  while (spent < seconds && done + 1 < std::max<std::int64_t>(config.train.updates, 3)) {
    trainer.update(++done);
    spent += watch.lap();
  }
  return done > 0 ? spent / static_cast<double>(done) : 0;
}

}  // namespace

TrialTiming time_trial(const Laboratory& laboratory, const Config& config, double seconds) {
  TrialTiming timing;
  Watch watch;
  TrialModels models(laboratory, config);
  Trainer trainer(config, models);
  timing.once = watch.lap();
  const Panel panel(laboratory, config);
  if (const std::int64_t looks = panel.looks(config.train.updates); looks > 0) {
    TrialRecord record;
    panel.look(0, "start", models, trainer.parameters(), record);
    timing.once += static_cast<double>(looks) * watch.lap();
  }
  models.evaluator().evaluate(models.validation(), trainer.parameters());
  double first = watch.lap();
  timing.update = time_updates(trainer, config, seconds - timing.once - first);
  watch.lap();
  if (first < seconds / 4) {  // once more, now that memory is there
    models.evaluator().evaluate(models.validation(), trainer.parameters());
    first = watch.lap();
  }
  timing.validation = first;
  timing.once += timing.validation * test_runs(models, config) /
                 std::max(1.0, models.evaluator().runs(models.validation()));
  return timing;
}

double seconds_of(const TrialTiming& timing, const TrainConfig& train) {
  const auto updates = static_cast<double>(train.updates);
  const double validations =
      1 + static_cast<double>((train.updates + train.validate_every - 1) / train.validate_every);
  return timing.once + updates * timing.update + validations * timing.validation;
}

}  // namespace unroll
