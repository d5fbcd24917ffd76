#include "experiments/train/sharded_plan.hpp"

#include <doctest/doctest.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <string>
#include <utility>

#include "experiments/tasks/task.hpp"
#include "experiments/train/trial.hpp"
#include "experiments/train/trial_models.hpp"
#include "framework/tensor/cpu.hpp"
#include "tests/experiments/train/training.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;

namespace {

Config sharded_config(const std::string& task, std::int64_t length) {
  Config config = laboratory().default_config();
  config.task = {.name = task, .length = length};
  laboratory().resolve(config);
  config.model.hidden = 16;
  config.train.batch = 7;
  config.train.updates = 12;
  config.train.validate_every = 4;
  config.train.validation_sequences = 30;
  return config;
}

/// A batch's loss and gradients in that many shards, and the states of all steps.
struct Computed {
  std::shared_ptr<const Task> task;
  std::shared_ptr<TaskModel> model;
  std::vector<Tensor<float>> parameters;
  Piece piece;
  ShardedPlan plan;

  Computed(const Config& config, std::int64_t shards)
      : task(laboratory().make_task(config.task)),
        model(std::make_shared<TaskModel>(laboratory().cells(), config, task->spec(), Recording{})),
        parameters(initial_parameters(config, model->model)),
        piece{.batch = task->training(config.seed)->batch(0, config.train.batch)},
        plan(model, outputs(), shards) {
    plan.run(piece, parameters);
  }

  std::vector<Var> outputs() const {
    model->record_gradients();
    std::vector<Var> all = model->training_outputs();
    all.push_back(states());
    return all;
  }
  Var states() const { return model->recorded.state_trajectory[0]; }
};

void check_close(std::span<const float> found, std::span<const float> expected) {
  REQUIRE(found.size() == expected.size());
  float largest = 0, error = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    largest = std::max(largest, std::abs(expected[i]));
    error = std::max(error, std::abs(found[i] - expected[i]));
  }
  CHECK(error <= 3e-6f * largest);
}

void check_same_states(const Computed& parts, const Computed& whole) {
  for (std::int64_t t = 0; t < whole.piece.batch.steps(); ++t)
    check_close(parts.plan.step_rows(parts.states(), t).span(),
                whole.plan.step_rows(whole.states(), t).span());
}

template <class F>
auto with_threads(int threads, F f) {
  const tbb::global_control allowed(tbb::global_control::max_allowed_parallelism,
                                    static_cast<std::size_t>(threads));
  tbb::task_arena arena(threads);
  return arena.execute(f);
}

}  // namespace

TEST_CASE("[shards] the rows of a batch are split without a gap, in sizes that differ by one at most") {
  for (std::int64_t rows = 1; rows <= 40; ++rows)
    for (std::int64_t shards = 1; shards <= rows; ++shards) {
      const std::vector<Range> ranges = split_rows(rows, shards);
      REQUIRE(ranges.size() == static_cast<std::size_t>(shards));
      std::int64_t next = 0;
      for (const Range& range : ranges) {
        CHECK(range.first == next);
        CHECK(range.count >= 1);
        CHECK(range.count >= ranges.back().count);
        CHECK(range.count <= ranges.back().count + 1);
        next += range.count;
      }
      CHECK(next == rows);
    }
}

TEST_CASE("[shards] more shards than sequences are refused, with both numbers") {
  CHECK_THROWS_WITH_AS(split_rows(2, 4), doctest::Contains("4 shards of a batch of 2 sequences"),
                       std::invalid_argument);
  CHECK_THROWS_AS(split_rows(2, 0), std::invalid_argument);
  Config config = sharded_config("adding", 6);
  config.train.batch_shards = 8;
  CHECK_THROWS_WITH_AS(TrialModels(laboratory(), config), doctest::Contains("8 shards of a batch of 7"),
                       std::invalid_argument);
}

TEST_CASE("[shards] one shard is the plan itself, bit for bit") {
  for (const char* task : {"adding", "copy"}) {
    Computed whole(sharded_config(task, 12), 1);
    Plan<float> plan(*whole.model->tape, whole.outputs());
    Feed<float> feed;
    whole.model->fill(feed, whole.piece, {0, whole.piece.batch.rows()}, 1);
    whole.model->bind(plan, feed, whole.piece, whole.parameters);
    plan.run();
    CHECK(whole.plan.loss() == plan.value(whole.model->loss)[0]);
    CHECK(std::ranges::equal(whole.plan.mean_elements(whole.states()), plan.value(whole.states())));
    for (const Var& g : whole.model->parameter_gradients)
      CHECK(std::ranges::equal(whole.plan.mean_elements(g), plan.value(g)));
  }
}

TEST_CASE("[shards] loss, outputs and gradients in shards are those of the whole batch, up to rounding") {
  for (const std::string task : {"adding", "temporal_order", "copy"})
    for (const std::string cell : {"vanilla", "lstm"})
      for (const std::int64_t shards : {2, 3, 7}) {
        Config config = sharded_config(task, 12);
        config.model.cell = cell;
        Computed whole(config, 1), parts(config, shards);
        INFO(task, " ", cell, " ", shards);
        CHECK(parts.plan.loss() == doctest::Approx(whole.plan.loss()).epsilon(1e-6));
        check_same_states(parts, whole);
        for (std::size_t i = 0; i < whole.model->trained.size(); ++i)
          check_close(parts.plan.mean_elements(parts.model->parameter_gradients[i]),
                      whole.plan.mean_elements(whole.model->parameter_gradients[i]));
      }
}

TEST_CASE("[shards] a batch with fewer rows than shards is split into its rows") {
  Config config = sharded_config("adding", 6);
  config.train.batch = 2;
  Computed whole(config, 1), parts(config, 5);
  check_same_states(parts, whole);
}

TEST_CASE("[shards] a trial in shards has the same bits on 1, 2 and 4 threads") {
  for (const auto& [task, cell] : std::vector<std::pair<std::string, std::string>>{
           {"adding", "vanilla"}, {"copy", "lstm"}, {"adding", "gru"}})
    for (const std::int64_t shards : {1, 2, 3, 7}) {
      INFO(task, " ", cell, " ", shards);
      Config config = sharded_config(task, 12);
      config.model.cell = cell;
      config.train.batch_shards = shards;
      config.train.clip_norm = 1;
      const auto run = [&] { return to_json(run_trial(laboratory(), config)); };
      const std::string on_one = with_threads(1, run);
      CHECK(with_threads(2, run) == on_one);
      CHECK(with_threads(4, run) == on_one);
    }
}

TEST_CASE("[shards] another number of shards is another trial, with other bits") {
  Config config = sharded_config("adding", 12);
  const std::string whole = to_json(run_trial(laboratory(), config));
  config.train.batch_shards = 2;
  CHECK(to_json(run_trial(laboratory(), config)) != whole);
}

TEST_CASE("[shards] subnormals are flushed in every shard, and the caller's control word stays") {
  Config config = sharded_config("adding", 6);
  config.model.activation = "identity";
  const std::shared_ptr<const Task> task = laboratory().make_task(config.task);
  const auto model = std::make_shared<TaskModel>(laboratory().cells(), config, task->spec(), Recording{});
  std::vector<Tensor<float>> parameters;
  for (const ParameterSpec& spec : model->specs) parameters.emplace_back(spec.shape);
  parameters[0].fill(1e-30f);  // W_xh
  Piece piece{.batch = task->training(1)->batch(0, 4)};
  std::get<Tensor<float>>(piece.batch.inputs).fill(1e-9f);
  const auto largest_state = [&](std::int64_t shards) {
    ShardedPlan plan(model, {model->recorded.state_trajectory[0]}, shards);
    with_threads(4, [&] { plan.run(piece, parameters); });
    const Tensor<float> h = plan.step_rows(model->recorded.state_trajectory[0], 0);
    return *std::max_element(h.data(), h.data() + h.numel());
  };
  const KeepSubnormals guard;
  CHECK(largest_state(4) == 0);
  CHECK(largest_state(1) > 0);  // one shard leaves the choice to the caller
}

TEST_CASE("[shards] what is done beside them is done once, and only where there are several") {
  Computed parts(sharded_config("adding", 6), 3), whole(sharded_config("adding", 6), 1);
  for (const int threads : {1, 2, 4}) {
    std::atomic<int> done = 0;
    with_threads(threads, [&] { parts.plan.run(parts.piece, parts.parameters, [&] { ++done; }); });
    CHECK(done == 1);
    whole.plan.run(whole.piece, whole.parameters, [&] { ++done; });
    CHECK(done == 1);
  }
}

TEST_CASE("[shards] an update's batch is the one of its number, though it was drawn beside the one before") {
  Config config = sharded_config("adding", 6);
  config.train.batch_shards = 3;
  test::Training training(config);
  for (const std::int64_t n : {0, 1, 2, 7, 8}) {  // from 7 on as after a checkpoint
    with_threads(2, [&] { training.update(n); });
    const Batch& used = training.trainer.piece().batch;
    const Batch own = training.models.training().batch(n, config.train.batch);
    for (const auto values : {&Batch::inputs, &Batch::target})
      CHECK(std::ranges::equal(std::get<Tensor<float>>(used.*values).span(),
                               std::get<Tensor<float>>(own.*values).span()));
  }
}
