#include "experiments/train/trial.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/instruments/panel.hpp"
#include "experiments/tasks/task.hpp"
#include "experiments/train/trainer.hpp"
#include "framework/optim/optimizer.hpp"
#include "framework/tensor/cpu.hpp"
#include "models/activation.hpp"
#include "models/cell_table.hpp"
#include "tests/support/any_task.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;

namespace {

/// A trial of a blink.
Config brief_trial() {
  Config config = laboratory().default_config();
  config.task.length = 6;
  config.model.hidden = 8;
  config.train.batch = 4;
  config.train.updates = 30;
  config.train.validate_every = 10;
  config.train.validation_sequences = 40;
  config.train.test_sequences = 40;
  return config;
}

std::string text_of(TrialRecord record) { return to_json(record); }

const std::vector<double>& validation_losses(const TrialRecord& record) {
  const RecordedSeries* series = record.find("loss", "validation");
  REQUIRE(series != nullptr);
  return series->y;
}

/// The norms of the gradient with respect to the first state before training.
const std::vector<double>& norms_at_start(const TrialRecord& record) {
  for (const RecordedSeries& series : record.series)
    if (series.name.starts_with("gradient norm of ") && series.moment == "start") return series.y;
  throw std::logic_error("no norms of gradients in this record");
}

}  // namespace

TEST_CASE("[trial] the same config gives the same bits, another seed others") {
  const std::string first = text_of(run_trial(laboratory(), brief_trial()));
  CHECK(text_of(run_trial(laboratory(), brief_trial())) == first);
  Config other = brief_trial();
  other.seed = 2;
  CHECK(text_of(run_trial(laboratory(), other)) != first);
}

TEST_CASE("[trial] every task and variant trains, with every optimiser") {
  for (const TaskRow& task : laboratory().tasks())
    for (const std::string_view variant : task.variants)
      for (const std::string& optimizer : optimizer_names()) {
        Config config = brief_trial();
        config.task = any_task(task.name, variant, 60);
        laboratory().resolve(config);
        config.train.optimizer = optimizer;
        config.train.updates = 2;
        config.train.clip_norm = 1;
        const TrialRecord record = run_trial(laboratory(), config);
        INFO(task.name, " ", variant, " ", optimizer, " ", record.reason);
        CHECK(record.status == TrialStatus::done);
        CHECK(record.updates == 2);
        CHECK(validation_losses(record).size() == 2);
        CHECK(std::isfinite(record.scalar("best_loss").value()));
        for (const char* moment : {"start", "end"}) {
          const RecordedSeries* norms = record.find("gradient norm of h", moment);
          REQUIRE(norms != nullptr);
          REQUIRE(norms->y.size() > 0);
          CHECK(norms->y.back() > 0);
        }
      }
}

TEST_CASE("[trial] every cell trains, with every activation") {
  for (const CellRow& cell : cell_table())
    for (const std::string& activation : activation_names()) {
      Config config = brief_trial();
      config.model.cell = cell.name;
      config.model.activation = activation;
      config.train.updates = 3;
      const TrialRecord record = run_trial(laboratory(), config);
      INFO(cell.name, " ", activation, " ", record.reason);
      CHECK(record.status == TrialStatus::done);
      CHECK(record.updates == 3);
      CHECK(norms_at_start(record).back() > 0);
    }
}

TEST_CASE("[trial] the states that diverged first are named, all of them") {
  Config config = brief_trial();
  config.model.cell = "lstm";
  config.model.activation = "identity";
  config.model.init = "identity";
  config.model.init_scale = 1e30;
  const TrialRecord record = run_trial(laboratory(), config);
  CHECK(record.status == TrialStatus::diverged);
  INFO(record.reason);
  CHECK(record.reason.find("is h and c at time step ") != std::string::npos);
}

TEST_CASE("[trial] the curve starts before training and has a point at every validation and at the end") {
  Config config = brief_trial();
  config.train.updates = 25;
  const TrialRecord record = run_trial(laboratory(), config);
  const std::vector<double>& losses = validation_losses(record);
  CHECK(record.find("loss", "validation")->x == std::vector<double>{0, 10, 20, 25});
  CHECK(record.find("loss", "training")->x == std::vector<double>{10, 20, 25});
  REQUIRE(losses.size() == 4);
  CHECK(record.scalar("last_loss") == losses.back());
  CHECK(record.scalar("best_loss") == std::ranges::min(losses));
}

TEST_CASE("[trial] learning lowers the loss, and a solved task stops it") {
  Config config = brief_trial();
  config.task.length = 2;
  config.model.hidden = 32;
  config.train.updates = 3000;
  config.train.validate_every = 50;
  const TrialRecord stopped = run_trial(laboratory(), config);
  CHECK(stopped.success);
  REQUIRE(stopped.solved_at);
  CHECK(*stopped.solved_at == stopped.updates);
  CHECK(stopped.updates < 3000);
  CHECK(stopped.scalar("last_loss").value() < stopped.scalar("trivial_loss").value() / 2);
  config.train.early_stop = false;
  config.train.updates = stopped.updates + 50;
  const TrialRecord going_on = run_trial(laboratory(), config);
  CHECK(going_on.updates == stopped.updates + 50);
  CHECK(going_on.solved_at == stopped.solved_at);
}

TEST_CASE("[trial] divergence is a result that says where it began") {
  Config config = brief_trial();
  config.model.activation = "identity";
  config.train.optimizer = "sgd";
  config.train.learning_rate = 1e4;
  config.train.updates = 1000;
  const TrialRecord record = run_trial(laboratory(), config);
  CHECK(record.status == TrialStatus::diverged);
  CHECK(record.reason.find("update") != std::string::npos);
  const bool located = record.reason.find("time step") != std::string::npos ||
                       record.reason.find("parameter") != std::string::npos ||
                       record.reason.find("readout") != std::string::npos ||
                       record.reason.find("the loss") != std::string::npos;
  CHECK(located);
  CHECK_FALSE(std::isfinite(record.scalar("last_loss").value()));
  CHECK_FALSE(record.success);
}

TEST_CASE("[trial] a stop request ends it after the update") {
  std::atomic<bool> stop = false;
  std::int64_t seen = 0;
  TrialHooks hooks;
  hooks.stop = &stop;
  hooks.progress = [&](const TrialProgress& progress) {
    seen = progress.updates_done;
    stop = true;
  };
  Config config = brief_trial();
  config.train.updates = 1000;
  config.train.early_stop = false;
  CHECK_THROWS_AS(run_trial(laboratory(), config, hooks), Interrupted);
  CHECK(seen < 100);
}

TEST_CASE("[trial] cost is known beforehand, without allocating it") {
  const TrialCost cost = trial_cost(laboratory(), brief_trial());
  CHECK(cost.bytes > 0);
  Config longer = brief_trial();
  longer.train.updates *= 10;
  CHECK(trial_cost(laboratory(), longer).flops > 5 * cost.flops);
  Config huge = brief_trial();
  huge.model.hidden = 1'000'000;  // W_hh alone: 4 TB
  CHECK(trial_cost(laboratory(), huge).bytes > 4'000'000'000'000u);
}

TEST_CASE("[trial] gradient norms do not depend on whether training flushes subnormals") {
  Config config = brief_trial();
  config.model.activation = "sigmoid";
  config.model.init = "normal";
  config.model.init_scale = 1e-4;
  config.task.length = 80;  // each step takes about four digits: the first ones are below 1e-308
  TrialModels models(laboratory(), config);
  const Trainer trainer(config, models);
  const auto norms = [&] {
    TrialRecord record;
    Panel(laboratory(), config).look(0, "start", models, trainer.parameters(), record);
    return record.series.at(0).y;
  };
  const std::vector<double> kept = norms();
  const FlushSubnormals guard;
  CHECK(norms() == kept);
  CHECK(kept.front() < 1e-300);
  CHECK(kept.back() > 0);
}

namespace {

/// Long enough for checkpoints to save something.
Config long_sequences() {
  Config config = brief_trial();
  config.task.length = 2000;
  config.train.updates = 2;
  config.train.validation_sequences = 6;
  return config;
}

/// Runs the trial with less and less memory until it is refused; says how often it ran.
int run_with_less_and_less(Config config) {
  const std::string expected = text_of(run_trial(laboratory(), config));
  const std::size_t unlimited = trial_cost(laboratory(), config).bytes;
  int runs = 0;
  for (std::uint64_t bytes = unlimited; bytes > 0; bytes -= bytes / 5 + 1) {
    config.train.max_memory = {bytes};
    INFO(bytes, " of ", unlimited);
    try {
      const std::size_t planned = trial_cost(laboratory(), config).bytes;
      CHECK(planned <= unlimited);
      CHECK(text_of(run_trial(laboratory(), config)) == expected);
      runs += planned < unlimited;
    } catch (const std::length_error& error) {
      const std::string message = error.what();
      INFO(message);
      CHECK(message.find("train.max_memory: " + to_text(config.train.max_memory)) == 0);
      CHECK(message.find(fmt::format("max_memory is {} bytes", bytes / config.train.batch_shards)) !=
            std::string::npos);
      CHECK(message.find("needs") != std::string::npos);
      CHECK_THROWS_AS(run_trial(laboratory(), config), std::length_error);
      return runs;
    }
  }
  FAIL("never refused");
  return runs;
}

}  // namespace

TEST_CASE("[trial] less memory changes no bit of the record, and too little is refused with both numbers") {
  Config config = long_sequences();
  config.model.cell = "lstm";
  CHECK(run_with_less_and_less(config) >= 2);
  config.diagnose = {};  // they have a length that no checkpoints shorten
  CHECK(run_with_less_and_less(config) >= 3);
  config.train.batch_shards = 2;
  CHECK(run_with_less_and_less(config) >= 3);
}

TEST_CASE("[trial] what cannot be made small names the setting to change") {
  Config config = long_sequences();
  config.train.max_memory = {1'500'000};
  try {
    trial_cost(laboratory(), config);
    FAIL("not refused");
  } catch (const std::length_error& error) {
    CHECK(std::string(error.what()).find("state_gradients out of diagnose") != std::string::npos);
  }
  config.diagnose = {};
  const TrialRecord record = run_trial(laboratory(), config);
  CHECK(record.status == TrialStatus::done);
  CHECK(record.find("gradient norm of h", "start") == nullptr);
}

TEST_CASE("[trial] divergence in a long sequence is found where it is, whatever memory there is") {
  Config config = long_sequences();
  config.model.activation = "relu";
  config.model.init = "identity";
  config.model.init_scale = 1.06;  // 3.4e38 after some 1,500 steps
  config.diagnose = {};
  const TrialRecord record = run_trial(laboratory(), config);
  REQUIRE(record.status == TrialStatus::diverged);
  CHECK_MESSAGE(record.reason.find("h at time step 1") != std::string::npos, record.reason);
  config.train.max_memory = {1'500'000};
  CHECK(text_of(run_trial(laboratory(), config)) == text_of(record));
}
