// Tasks and objectives that a laboratory adds to those of the program, and what a trial makes of them.

#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <utility>

#include "experiments/train/trial.hpp"
#include "framework/autodiff/ops.hpp"
#include "tests/support/any_task.hpp"

using namespace unroll;

namespace {

/// The adding problem with other targets in its test set, and any rule of success.
class ShiftedTest final : public Task {
 public:
  ShiftedTest(TaskConfig config, const ObjectiveList& objectives, float shift)
      : task_(make_task(standard_tasks(), objectives, named(std::move(config)))), shift_(shift) {}

  const TaskSpec& spec() const override { return task_->spec(); }
  std::unique_ptr<DataSource> training(std::uint64_t seed) const override { return task_->training(seed); }
  std::unique_ptr<DataSource> validation(std::int64_t n) const override { return task_->validation(n); }
  std::unique_ptr<DataSource> test(std::int64_t n) const override {
    return std::make_unique<Shifted>(task_->test(n), shift_);
  }
  double trivial_loss() const override { return task_->trivial_loss(); }
  SuccessRule success() const override {
    return {{{"loss", Condition::Relation::below, 100}}, "loss below 100"};
  }

 private:
  class Shifted final : public DataSource {
   public:
    Shifted(std::unique_ptr<DataSource> source, float shift) : source_(std::move(source)), shift_(shift) {}
    std::optional<std::int64_t> size() const override { return source_->size(); }
    std::int64_t max_steps(std::int64_t sequences) const override { return source_->max_steps(sequences); }
    Batch batch(std::int64_t n, std::int64_t sequences) const override {
      Batch batch = source_->batch(n, sequences);
      for (float& target : std::get<Tensor<float>>(batch.target).span()) target += shift_;
      return batch;
    }

   private:
    std::unique_ptr<DataSource> source_;
    float shift_;
  };

  static TaskConfig named(TaskConfig config) {
    config.name = "adding";
    return config;
  }

  std::unique_ptr<Task> task_;
  float shift_;
};

TaskRow shifted_row(float shift) {
  return {
      .name = "shifted",
      .summary = "adding, with other targets to test on",
      .source = "here",
      .variants = {"sum"},
      .length = LengthRange(5),
      .make = [shift](const TaskConfig& config, const ObjectiveList& objectives) -> std::unique_ptr<Task> {
        return std::make_unique<ShiftedTest>(config, objectives, shift);
      }};
}

TrialRecord trained_with_shift(float shift) {
  const Laboratory laboratory({shifted_row(shift)}, {}, {});
  Config config = laboratory.default_config();
  config.task = {.name = "shifted", .length = 5};
  config.model.hidden = 4;
  config.train.updates = 20;
  config.train.validate_every = 10;
  config.train.validation_sequences = config.train.test_sequences = 40;
  laboratory.resolve(config);
  return run_trial(laboratory, config);
}

Objective mean_absolute_error() {
  return {
      .name = "mean_absolute_error",
      .summary = "mean absolute error of numbers",
      .target = TargetKind::numbers,
      .elements = [](Var outputs, Var target) -> std::vector<Var> { return {abs(outputs - target)}; },
      .right = [](std::span<const std::span<const float>>, const Criterion&) { return false; },
      .metrics = {{"loss", "mean absolute error", Direction::lower, [](const Tally& t) { return t.mean(0); }},
                  {"twice", "", Direction::higher, [](const Tally& t) { return 2 * t.mean(0); }}}};
}

/// On a table, unscaled, with steps too small to change a parameter.
TrialRecord still(const Laboratory& laboratory, const std::string& objective, double learning_rate) {
  Config config = laboratory.default_config();
  config.task = any_task("file", "", {});
  config.task.values["task.objective"] = objective;
  config.task.values["task.scale"] = std::string("none");
  config.model.hidden = 8;
  config.train.updates = 60;
  config.train.validate_every = 20;
  config.train.learning_rate = learning_rate;
  laboratory.resolve(config);
  return run_trial(laboratory, config);
}

}  // namespace

TEST_CASE("[trial] what holds on the validation set alone is no success") {
  const TrialRecord confirmed = trained_with_shift(0), refuted = trained_with_shift(1000);
  CHECK(confirmed.success);
  CHECK(confirmed.solved_at.has_value());
  CHECK_FALSE(refuted.success);
  CHECK_FALSE(refuted.solved_at.has_value());
  CHECK(refuted.scalar("best_loss").value() < 100);
  CHECK(refuted.scalar("test_loss").value() > 100);
  CHECK(refuted.updates == 20);  // nor does it end the training
}

TEST_CASE("[trial] an objective of one's own is trained on, and judged by the metrics of its row") {
  const Laboratory laboratory({}, {mean_absolute_error()}, {});
  const TrialRecord own = still(laboratory, "mean_absolute_error", 1e-30);
  const TrialRecord squared = still(laboratory, "mse", 1e-30);
  REQUIRE(own.scalar("best_loss"));
  CHECK(own.scalar("best_loss").value() ==
        doctest::Approx(squared.scalar("best_mae").value()).epsilon(1e-12));
  CHECK(own.scalar("best_twice") == 2 * own.scalar("best_loss").value());
  CHECK_FALSE(own.scalar("best_rmse"));
  REQUIRE(own.find("twice", "validation"));
  CHECK(own.find("twice", "validation")->descriptor.unit.empty());
  const TrialRecord learned = still(laboratory, "mean_absolute_error", 1e-2);
  CHECK(learned.scalar("best_loss").value() < 0.9 * own.scalar("best_loss").value());
}
