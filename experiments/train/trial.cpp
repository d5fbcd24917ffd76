#include "experiments/train/trial.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

#include "experiments/instruments/panel.hpp"
#include "experiments/train/answering_model.hpp"
#include "experiments/train/free_run.hpp"
#include "experiments/train/non_finite.hpp"
#include "experiments/train/restored_record.hpp"
#include "experiments/train/trainer.hpp"
#include "framework/tensor/file.hpp"

namespace unroll {
namespace {

std::string direction_of(Direction direction) { return direction == Direction::lower ? "lower" : "higher"; }

FigureDescriptor descriptor_of(const Metric& metric) {
  return {
      .unit = metric.unit, .direction = direction_of(metric.direction), .logarithmic = metric.name == "loss"};
}

/// In a checkpoint's metadata: what is known of parameters in it that are not finite.
constexpr const char* spoilt_key = "not finite";

/// A trial on its way.
class Training {
 public:
  Training(const Laboratory& laboratory, const Config& config, const TrialHooks& hooks);
  TrialRecord run();

 private:
  using Clock = std::chrono::steady_clock;

  void begin();
  void train();
  bool validate(std::int64_t n, double train_loss);
  void note(std::int64_t update, double train_loss, const MetricValues& values);
  void add_point(const std::string& name, const std::string& moment, std::int64_t update, double value,
                 const FigureDescriptor& descriptor);
  void set_scalars(const std::string& prefix, const MetricValues& values);
  bool confirmed();
  void test();
  void test_parts();
  void add_confusion(const Confusion& confusion);
  void set_figures(const std::vector<TaskFigure>& figures);
  void judge();
  void run_on_its_own();
  void diverge(const std::string& what, double value, std::int64_t update, const std::string& where);
  NonFiniteBatch batch_of_update(std::int64_t update) const;
  NonFiniteBatch batch_of_validation(std::int64_t update);
  std::string look_for_non_finite(NonFiniteBatch batch);
  std::string find_and_keep(NonFiniteBatch batch);
  bool is_stopped_by_search() const;
  void stop();
  void finish();
  void tell_progress() const;
  bool resume();
  void restore(const SafeTensors& file);
  SafeTensors state() const;
  bool save();
  void save_before_stopping();
  void save_now_and_then();
  void keep(Kept which, bool final);
  void keep_best(bool final);
  void keep_at_the_end();
  void keep_or_warn(Kept which, bool final);
  void warn_once(const std::string& sentence);

  const Laboratory& laboratory_;
  const Config& config_;
  const TrialHooks& hooks_;
  TrialModels models_;
  Trainer trainer_;
  Panel panel_;
  SuccessRule rule_;
  std::vector<const Metric*> metrics_;
  TrialRecord record_;
  std::vector<Tensor<float>> best_;  ///< parameters
  double loss_sum_ = 0;              ///< of updates since the last validation
  std::int64_t losses_ = 0;
  std::int64_t updates_before_ = 0;  ///< of an earlier call, which this one goes on from
  bool model_is_kept_ = true;        ///< as it is in best_
  bool warned_ = false;
  std::string spoilt_;     ///< where gradients of an update were not finite, since its parameters are not
  std::string not_saved_;  ///< why the last checkpoint could not be written
  Clock::time_point begin_ = Clock::now(), saved_ = begin_,
                    model_kept_ = Clock::now() - std::chrono::hours(1);
};

Training::Training(const Laboratory& laboratory, const Config& config, const TrialHooks& hooks)
    : laboratory_(laboratory),
      config_(config),
      hooks_(hooks),
      models_(laboratory, config),
      trainer_(config, models_),
      panel_(laboratory, config),
      rule_(models_.task().success()),
      metrics_(metrics_of(models_.spec().objective, models_.spec().criterion)) {
  if (config.train.max_memory.count > 0) models_.cost();  // throws where it is too little
  if (panel_.watches())
    trainer_.watch([this](std::int64_t n, std::span<const std::span<float>> gradients) {
      panel_.watch(n + 1, gradients, record_);
    });
  record_.success_rule = rule_.text;
  record_.attempts = hooks.attempts;
  record_.set({"parameters", static_cast<double>(trained_numbers(trainer_.specs()))});
  record_.set({"trivial_loss", models_.task().trivial_loss(), descriptor_of(*metrics_.front())});
}

TrialRecord Training::run() {
  if (!resume()) begin();
  if (record_.status == TrialStatus::done) train();
  if (is_stopped_by_search())
    stop();
  else
    finish();
  return std::move(record_);
}

void Training::begin() {
  keep_or_warn(Kept::first, true);
  panel_.look_after(0, models_, trainer_.parameters(), record_);
  validate(0, std::numeric_limits<double>::quiet_NaN());
}

void Training::train() {
  const bool ends_early = config_.train.early_stop && models_.task().ends_when_solved();
  const std::int64_t end =
      hooks_.stop_at > 0 ? std::min(hooks_.stop_at, config_.train.updates) : config_.train.updates;
  for (std::int64_t n = record_.updates; n < end; ++n) {
    if (ends_early && record_.success) return;
    const bool stops = hooks_.stop && hooks_.stop->load();
    if (stops || Clock::now() >= hooks_.deadline) {
      save_before_stopping();
      throw Interrupted{n, !stops};
    }
    const double loss = trainer_.update(n);
    if (!std::isfinite(loss))
      return diverge("the training loss", loss, n + 1, look_for_non_finite(batch_of_update(n + 1)));
    if (!trainer_.suspect())
      spoilt_.clear();
    else if (spoilt_.empty())
      spoilt_ = find_and_keep(*trainer_.suspect());
    record_.updates = n + 1;
    loss_sum_ += loss;
    ++losses_;
    if (record_.updates % hooks_.progress_every == 0) tell_progress();
    if (record_.updates % config_.train.validate_every == 0 || record_.updates == config_.train.updates) {
      if (!validate(record_.updates, loss_sum_ / static_cast<double>(losses_))) return;
      loss_sum_ = 0;
      losses_ = 0;
    }
    panel_.look_after(record_.updates, models_, trainer_.parameters(), record_);
    save_now_and_then();
  }
}

/// False when training has to end there.
bool Training::validate(std::int64_t n, double train_loss) {
  const Evaluation validation = models_.evaluator().evaluate(models_.validation(), trainer_.parameters());
  const bool finite = std::isfinite(validation.loss());
  const std::string where = finite ? "" : look_for_non_finite(batch_of_validation(n));
  note(n, train_loss, validation.metrics);
  panel_.sum_up(n, record_);
  if (!finite) {
    diverge("the validation loss", validation.loss(), n, where);
    return false;
  }
  if (n > 0) trainer_.observe(validation.loss());
  return true;
}

void Training::note(std::int64_t update, double train_loss, const MetricValues& values) {
  const double loss = values.at("loss");
  const std::optional<double> best = record_.scalar("best_loss");
  if (!best || loss < *best) {
    record_.best_update = update;
    set_scalars("best_", values);
    best_ = trainer_.parameters();
    model_is_kept_ = false;
  }
  set_scalars("last_", values);
  for (const Metric* metric : metrics_)
    add_point(metric->name, "validation", update, values.at(metric->name), descriptor_of(*metric));
  if (update > 0)
    add_point(metrics_.front()->name, "training", update, train_loss, descriptor_of(*metrics_.front()));
  if (!record_.solved_at && rule_.holds(values) && confirmed()) {
    record_.solved_at = update;
    record_.success = true;
  }
}

void Training::add_point(const std::string& name, const std::string& moment, std::int64_t update,
                         double value, const FigureDescriptor& descriptor) {
  RecordedSeries& series = record_.series_like({.name = name,
                                                .moment = moment,
                                                .axis = "update",
                                                .held = true,
                                                .descriptor = descriptor,
                                                .x = {},
                                                .y = {}});
  series.x.push_back(static_cast<double>(update));
  series.y.push_back(value);
}

void Training::set_scalars(const std::string& prefix, const MetricValues& values) {
  for (const Metric* metric : metrics_)
    record_.set({prefix + metric->name, values.at(metric->name), descriptor_of(*metric)});
}

/// A success on the validation set, which was looked at again and again, must be one on the test set.
bool Training::confirmed() {
  return !models_.test() ||
         rule_.holds(models_.evaluator().evaluate(*models_.test(), trainer_.parameters()).metrics);
}

void Training::diverge(const std::string& what, double value, std::int64_t update, const std::string& where) {
  record_.status = TrialStatus::diverged;
  record_.reason = fmt::format("{} became {} at update {}; the first value that is not finite is {}", what,
                               value, update, where);
  record_.set({"last_loss", value, descriptor_of(*metrics_.front())});
}

NonFiniteBatch Training::batch_of_update(std::int64_t update) const {
  return {.update = update,
          .steps = trainer_.steps(),
          .piece = trainer_.piece(),
          .parameters = trainer_.used_parameters()};
}

NonFiniteBatch Training::batch_of_validation(std::int64_t update) {
  const Piece& piece = models_.evaluator().piece();
  return {.update = update,
          .training = false,
          .steps = models_.validation().max_steps(piece.batch.rows()),
          .piece = piece,
          .parameters = trainer_.parameters()};
}

/// Parameters that are not finite were spoilt by an update before, which is known where its gradients were
/// not.
std::string Training::look_for_non_finite(NonFiniteBatch batch) {
  if (!spoilt_.empty()) return spoilt_;
  return find_and_keep(std::move(batch));
}

std::string Training::find_and_keep(NonFiniteBatch batch) {
  batch.where = find_non_finite(laboratory_.cells(), config_, models_.spec(), batch);
  try {
    if (hooks_.keep_non_finite) hooks_.keep_non_finite(batch);
  } catch (const std::runtime_error& error) {
    hooks_.warn(fmt::format("the batch with a value that is not finite is not kept: {}", error.what()));
  }
  if (!batch.backward) return batch.where;
  return fmt::format("{}, in update {}", batch.where, batch.update);
}

/// A solved one has ended, whatever the search would have done with it.
bool Training::is_stopped_by_search() const {
  const bool solved = config_.train.early_stop && models_.task().ends_when_solved() && record_.success;
  return record_.status == TrialStatus::done && !solved && record_.updates < config_.train.updates;
}

/// The test set is looked at where training ended of itself. That the search has it go on is no further
/// attempt.
void Training::stop() {
  --record_.attempts;
  save_before_stopping();
  ++record_.attempts;
  record_.status = TrialStatus::stopped;
  panel_.sum_up(record_.updates, record_);  // of the record alone: the trial may go on from what was kept
}

void Training::finish() {
  keep_at_the_end();
  panel_.sum_up(record_.updates, record_);
  if (record_.status == TrialStatus::done)
    panel_.look_at_end(record_.updates, models_, trainer_.parameters(), record_);
  test();
  judge();
  run_on_its_own();
  if (!hooks_.checkpoint.empty()) remove_checkpoint(hooks_.checkpoint);
}

/// The best model, once training is over.
void Training::test() {
  if (models_.test()) set_scalars("test_", models_.evaluator().evaluate(*models_.test(), best_).metrics);
  test_parts();
  for (const std::int64_t length : config_.task.test_lengths) {
    const auto source = models_.task().test_at(length, config_.train.test_sequences);
    const MetricValues values = models_.evaluator().evaluate(*source, best_).metrics;
    for (const Metric* metric : metrics_) {
      RecordedSeries& series = record_.series_like({.name = metric->name + " over length",
                                                    .moment = "test",
                                                    .axis = "length",
                                                    .descriptor = descriptor_of(*metric),
                                                    .x = {},
                                                    .y = {}});
      series.x.push_back(static_cast<double>(length));
      series.y.push_back(values.at(metric->name));
    }
  }
}

/// Each part as a number, and all of them side by side.
void Training::test_parts() {
  const std::vector<TestPart> parts = models_.task().test_parts(config_.train.test_sequences);
  std::vector<std::string> names;
  for (const TestPart& part : parts) names.push_back(part.name);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const MetricValues values = models_.evaluator().evaluate(*parts[i].source, best_).metrics;
    for (const Metric* metric : metrics_) {
      if (!metric->by_part) continue;
      const double value = values.at(metric->name);
      record_.set({fmt::format("test_{} {}", metric->name, names[i]), value, descriptor_of(*metric)});
      if (parts.size() == 1) continue;
      RecordedSeries& series = record_.series_like({.name = metric->name + " of each part",
                                                    .moment = "test",
                                                    .axis = "part of the test set",
                                                    .descriptor = descriptor_of(*metric),
                                                    .x = {},
                                                    .y = {},
                                                    .names = names});
      series.x.push_back(static_cast<double>(i));
      series.y.push_back(value);
    }
  }
}

void Training::set_figures(const std::vector<TaskFigure>& figures) {
  for (const TaskFigure& one : figures)
    record_.set({one.name, one.value, {.unit = one.unit, .direction = direction_of(one.direction)}});
}

/// The best model, by measures of the task's own.
void Training::judge() {
  const ModelSizes sizes = sizes_of(models_.spec());
  if (sizes.tokens) return;
  AnsweringModel model(make_model(laboratory_.cells(), config_, sizes), sizes, best_);
  set_figures(models_.task().judge(model.answers()));
  if (const std::optional<Confusion> confusion = models_.task().confusion(model.answers()))
    add_confusion(*confusion);
}

/// A row for each class: over the answers, how often it was given each.
void Training::add_confusion(const Confusion& confusion) {
  std::vector<double> places(confusion.names.size());
  std::iota(places.begin(), places.end(), 0.0);
  for (std::size_t i = 0; i < confusion.names.size(); ++i)
    record_.series.push_back({.name = "answers to each class",
                              .moment = confusion.names[i],
                              .axis = "answer",
                              .descriptor = {.unit = "share of the class"},
                              .x = places,
                              .y = confusion.shares[i],
                              .names = confusion.names});
}

/// The best model, where the task asks for it. Not with a reverse direction: it begins at the last step, and
/// on its own a model has none.
void Training::run_on_its_own() {
  const std::optional<FreeRun> run = models_.task().free_run();
  if (!run || config_.model.bidirectional) return;
  const SequenceModel model = make_model(laboratory_.cells(), config_, sizes_of(models_.spec()));
  set_figures(models_.task().judge_free_run(run_freely(model, best_, *run)));
}

void Training::tell_progress() const {
  hooks_.progress({.updates_done = record_.updates,
                   .updates_planned = config_.train.updates,
                   .updates_before = updates_before_,
                   .tokens = trainer_.tokens_per_update(),
                   .train_loss = loss_sum_ / static_cast<double>(losses_),
                   .validation_loss = *record_.scalar("last_loss")});
}

// ---- Files ----

void Training::keep(Kept which, bool final) {
  if (!hooks_.keep_model) return;
  const bool best = which == Kept::best;
  hooks_.keep_model({.which = which,
                     .task = models_.task(),
                     .specs = trainer_.specs(),
                     .parameters = best ? best_ : trainer_.parameters(),
                     .update = best ? record_.best_update : record_.updates,
                     .validation_loss = record_.scalar(best ? "best_loss" : "last_loss")
                                            .value_or(std::numeric_limits<double>::quiet_NaN()),
                     .final = final});
}

void Training::keep_best(bool final) {
  if (best_.empty() || (model_is_kept_ && !final)) return;
  keep(Kept::best, final);
  model_is_kept_ = true;
  model_kept_ = Clock::now();
}

/// What cannot be kept at the end is an error; the same trial again then goes on from there.
void Training::keep_at_the_end() {
  try {
    keep_best(true);
    keep(Kept::last, true);
  } catch (const std::runtime_error&) {
    save();
    throw;
  }
}

/// A full disk must not end hours of training that may have room again in a minute.
void Training::save_now_and_then() {
  const std::chrono::duration<double> between(hooks_.checkpoint_seconds);
  if (!model_is_kept_ && Clock::now() - model_kept_ > between) keep_or_warn(Kept::best, false);
  if (Clock::now() - saved_ > between && !save())
    warn_once(fmt::format("the state of training is not kept: {}", not_saved_));
}

void Training::keep_or_warn(Kept which, bool final) {
  try {
    which == Kept::best ? keep_best(final) : keep(which, final);
  } catch (const std::runtime_error& error) {
    model_kept_ = Clock::now();
    warn_once(fmt::format("a model on the way is not kept: {}", error.what()));
  }
}

void Training::warn_once(const std::string& sentence) {
  if (!warned_) hooks_.warn(sentence + "; training goes on");
  warned_ = true;
}

void Training::save_before_stopping() {
  if (!save())
    hooks_.warn(fmt::format(
        "training stops after update {}, but its state could not be kept: {}; it will go on from the last "
        "checkpoint that could, or from the start",
        record_.updates, not_saved_));
}

SafeTensors Training::state() const {
  SafeTensors file;
  trainer_.save(file);
  for (std::size_t i = 0; i < best_.size(); ++i)
    file.tensors.emplace_back("best/" + trainer_.specs()[i].name, best_[i]);
  TrialRecord record = record_;
  record.seconds += std::chrono::duration<double>(Clock::now() - begin_).count();
  keep_record({std::move(record), loss_sum_, losses_}, file);
  if (!spoilt_.empty()) file.metadata[spoilt_key] = spoilt_;
  return file;
}

/// False when the system refused it; what was there before is still there.
bool Training::save() {
  if (hooks_.checkpoint.empty()) return true;
  saved_ = Clock::now();
  try {
    save_checkpoint(hooks_.checkpoint, state(), hooks_.origin);
    return true;
  } catch (const std::runtime_error& error) {  // FileError, std::filesystem::filesystem_error
    not_saved_ = error.what();
    return false;
  }
}

bool Training::resume() {
  if (hooks_.checkpoint.empty()) return false;
  CheckpointOrigin expected = hooks_.origin;
  if (hooks_.any_build) expected.build.clear();
  const std::optional<SafeTensors> file = load_checkpoint(hooks_.checkpoint, expected);
  if (!file) return false;
  try {
    restore(*file);
  } catch (const std::exception& error) {
    throw DamagedCheckpoint(
        fmt::format("{}: training cannot go on from here: {}; delete the file to start the trial anew",
                    hooks_.checkpoint.string(), error.what()));
  }
  return true;
}

void Training::restore(const SafeTensors& file) {
  RecordOnTheWay state = restored_record(file, config_.train.updates);
  if (hooks_.stop_at > 0 && state.record.updates > hooks_.stop_at)
    throw std::invalid_argument(fmt::format("checkpoint: of update {}, beyond the {} that are asked for",
                                            state.record.updates, hooks_.stop_at));
  trainer_.restore(file);
  if (const auto spoilt = file.metadata.find(spoilt_key); spoilt != file.metadata.end())
    spoilt_ = spoilt->second;
  record_ = std::move(state.record);
  record_.attempts = std::max(record_.attempts + 1, hooks_.attempts);
  loss_sum_ = state.loss_sum;
  losses_ = state.losses;
  updates_before_ = record_.updates;
  for (const ParameterSpec& spec : trainer_.specs()) {
    const Tensor<float>* value = file.find("best/" + spec.name);
    if (!value) throw std::invalid_argument("checkpoint: no tensor best/" + spec.name);
    if (value->shape() != spec.shape)
      throw std::invalid_argument(fmt::format("checkpoint: best/{} has the shape {}, expected {}", spec.name,
                                              to_string(value->shape()), to_string(spec.shape)));
    best_.push_back(*value);
  }
  model_is_kept_ = false;
}

}  // namespace

TrialRecord run_trial(const Laboratory& laboratory, const Config& config, const TrialHooks& hooks) {
  try {
    return Training(laboratory, config, hooks).run();
  } catch (const DamagedCheckpoint& error) {
    // Hours may be lost, but not more than they are already; the other trials go on as well.
    hooks.warn(
        fmt::format("{}\nThe trial begins anew, and the file is kept aside until it ends", error.what()));
    set_checkpoint_aside(hooks.checkpoint);
  }
  return Training(laboratory, config, hooks).run();
}

}  // namespace unroll
