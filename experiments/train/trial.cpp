#include "experiments/train/trial.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "experiments/train/trainer.hpp"
#include "framework/tensor/file.hpp"

namespace unroll {
namespace {

const std::string& text_in(const SafeTensors& file, const char* key) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end()) throw std::invalid_argument(fmt::format("checkpoint: no {}", key));
  return found->second;
}

/// A trial on its way.
class Training {
 public:
  Training(const Config& config, const TrialHooks& hooks);
  TrialRecord run();

 private:
  using Clock = std::chrono::steady_clock;

  void begin();
  void train();
  bool validate(std::int64_t n, double train_loss);
  void note(const CurvePoint& point);
  void diverge(const std::string& what, double value, std::int64_t update);
  void finish();
  void look_at_gradients();
  void tell_progress() const;
  bool resume();
  void restore(const SafeTensors& file);
  SafeTensors state() const;
  bool save();
  void save_before_stopping();
  void save_now_and_then();
  void keep_model();
  void keep_last_model();
  void keep_model_or_warn();
  void warn_once(const std::string& sentence);

  const Config& config_;
  const TrialHooks& hooks_;
  Trainer trainer_;
  TrialRecord record_;
  std::vector<Tensor<float>> best_;  ///< parameters
  double loss_sum_ = 0;              ///< of updates since the last validation
  std::int64_t losses_ = 0;
  std::int64_t updates_before_ = 0;  ///< of an earlier call, which this one goes on from
  bool model_is_kept_ = true;        ///< as it is in best_
  bool warned_ = false;
  std::string not_saved_;  ///< why the last checkpoint could not be written
  Clock::time_point begin_ = Clock::now(), saved_ = begin_,
                    model_kept_ = Clock::now() - std::chrono::hours(1);
};

Training::Training(const Config& config, const TrialHooks& hooks)
    : config_(config), hooks_(hooks), trainer_(config) {
  record_.trivial_loss = trainer_.task().trivial_loss();
  record_.success_rule = trainer_.task().success_rule();
}

TrialRecord Training::run() {
  if (!resume()) begin();
  if (record_.status == TrialStatus::done) train();
  finish();
  return std::move(record_);
}

void Training::begin() {
  look_at_gradients();
  validate(0, std::numeric_limits<double>::quiet_NaN());
}

void Training::train() {
  const bool ends_early = config_.train.early_stop && trainer_.task().ends_when_solved();
  for (std::int64_t n = record_.updates; n < config_.train.updates; ++n) {
    if (ends_early && record_.success) return;
    if (hooks_.stop && hooks_.stop->load()) {
      save_before_stopping();
      throw Interrupted{};
    }
    const double loss = trainer_.update(n);
    if (!std::isfinite(loss)) return diverge("the training loss", loss, n + 1);
    record_.updates = n + 1;
    loss_sum_ += loss;
    ++losses_;
    if (record_.updates % hooks_.progress_every == 0) tell_progress();
    if (record_.updates % config_.train.validate_every == 0 || record_.updates == config_.train.updates) {
      if (!validate(record_.updates, loss_sum_ / static_cast<double>(losses_))) return;
      loss_sum_ = 0;
      losses_ = 0;
    }
    save_now_and_then();
  }
}

/// False when training has to end there.
bool Training::validate(std::int64_t n, double train_loss) {
  const Validation validation = trainer_.validate(n);
  note({n, train_loss, validation.loss, validation.error_rate});
  if (!std::isfinite(validation.loss)) {
    diverge("the validation loss", validation.loss, n);
    return false;
  }
  if (n > 0) trainer_.observe(validation.loss);
  return true;
}

void Training::note(const CurvePoint& point) {
  if (record_.curve.empty() || point.validation_loss < record_.best_loss) {
    record_.best_loss = point.validation_loss;
    record_.best_update = point.update;
    best_ = trainer_.parameters();
    model_is_kept_ = false;
  }
  record_.last_loss = point.validation_loss;
  record_.last_error_rate = point.error_rate;
  if (!record_.solved_at && trainer_.task().solved(point.validation_loss, point.error_rate)) {
    record_.solved_at = point.update;
    record_.success = true;
  }
  record_.curve.push_back(point);
}

void Training::diverge(const std::string& what, double value, std::int64_t update) {
  record_.status = TrialStatus::diverged;
  record_.reason = fmt::format("{} became {} at update {}; the first value that is not finite is {}", what,
                               value, update, trainer_.first_non_finite());
  record_.last_loss = value;
}

void Training::finish() {
  keep_last_model();
  if (record_.status == TrialStatus::done) look_at_gradients();
  if (const std::optional<Batch> text = trainer_.task().test())
    record_.test_loss = trainer_.evaluate(*text, best_).loss;
  if (!hooks_.checkpoint.empty()) remove_checkpoint(hooks_.checkpoint);
}

/// A text has no sequences whose steps could be compared.
void Training::look_at_gradients() {
  if (!config_.train.gradient_norms || trainer_.task().validation()) return;
  record_.gradient_norms.push_back(trainer_.gradient_norms(record_.updates));
}

void Training::tell_progress() const {
  hooks_.progress({.updates_done = record_.updates,
                   .updates_planned = config_.train.updates,
                   .updates_before = updates_before_,
                   .tokens = trainer_.tokens_per_update(),
                   .train_loss = loss_sum_ / static_cast<double>(losses_),
                   .validation_loss = record_.last_loss});
}

// ---- Files ----

void Training::keep_model() {
  if (!hooks_.keep_model || model_is_kept_) return;
  hooks_.keep_model({trainer_.task(), trainer_.specs(), best_, record_.best_update, record_.best_loss});
  model_is_kept_ = true;
  model_kept_ = Clock::now();
}

/// What cannot be kept at the end is an error; the same trial again then goes on from there.
void Training::keep_last_model() {
  try {
    keep_model();
  } catch (const std::runtime_error&) {
    save();
    throw;
  }
}

/// A full disk must not end hours of training that may have room again in a minute.
void Training::save_now_and_then() {
  const std::chrono::duration<double> between(hooks_.checkpoint_seconds);
  if (!model_is_kept_ && Clock::now() - model_kept_ > between) keep_model_or_warn();
  if (Clock::now() - saved_ > between && !save())
    warn_once(fmt::format("the state of training is not kept: {}", not_saved_));
}

void Training::keep_model_or_warn() {
  try {
    keep_model();
  } catch (const std::runtime_error& error) {
    model_kept_ = Clock::now();
    warn_once(fmt::format("the best model so far is not kept: {}", error.what()));
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
  file.metadata["record"] = to_json(record);
  // Sums that are finite: their shortest digits read back to the same bits.
  file.metadata["losses"] = nlohmann::json({loss_sum_, losses_}).dump();
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
    throw CheckpointError(
        fmt::format("{}: training cannot go on from here: {}; delete the file to start the trial anew",
                    hooks_.checkpoint.string(), error.what()));
  }
  return true;
}

void Training::restore(const SafeTensors& file) {
  trainer_.restore(file);
  record_ = record_from_json(text_in(file, "record"));
  const auto losses = nlohmann::json::parse(text_in(file, "losses"));
  loss_sum_ = losses.at(0).get<double>();
  losses_ = losses.at(1).get<std::int64_t>();
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

TrialRecord run_trial(const Config& config, const TrialHooks& hooks) {
  if (config.train.max_memory.count > 0) trial_cost(config);  // throws where it is too little
  return Training(config, hooks).run();
}

}  // namespace unroll
