#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "experiments/sweep/trial_id.hpp"
#include "experiments/train/make_model.hpp"
#include "experiments/train/trial.hpp"
#include "tests/experiments/train/training.hpp"
#include "tests/support/laboratory.hpp"

// What stands around a cell, in training.

using namespace unroll;
using namespace unroll::test;

namespace {

Config copying_config(const std::string& task = "copy") {
  Config config = laboratory().default_config();
  config.task = {.name = task, .length = task == "copy" ? 3 : 20};
  laboratory().resolve(config);
  config.model.cell = "lstm";
  config.model.hidden = 6;
  config.train.batch = 8;
  config.train.updates = 6;
  config.train.validate_every = 3;
  config.train.validation_sequences = 10;
  return config;
}

Config with_everything(const std::string& task = "copy") {
  Config config = copying_config(task);
  config.model.layers = 2;
  config.model.residual = true;
  config.model.dropout_input = 0.1;
  config.model.dropout_output = 0.2;
  config.model.dropout_recurrent = 0.3;
  config.model.zoneout = 0.1;
  config.model.layer_norm = true;
  config.model.initial_state = "learned";
  return config;
}

/// The first updates' losses, with parameters that stay.
std::vector<double> losses(Config config, std::int64_t updates) {
  config.train.optimizer = "sgd";
  config.train.learning_rate = 1e-30;
  Training training(config);
  std::vector<double> all;
  for (std::int64_t n = 0; n < updates; ++n) all.push_back(training.update(n));
  return all;
}

}  // namespace

TEST_CASE("[around] what is off is no part of the trial's id, and what is on is") {
  const Config plain = copying_config();
  for (const char* key : {"model.layers", "model.bidirectional", "model.residual", "model.dropout_input",
                          "model.dropout_output", "model.dropout_recurrent", "model.dropout_mask",
                          "model.zoneout", "model.layer_norm", "model.initial_state"})
    CHECK(canonical_text(laboratory(), plain).find(key) == std::string::npos);
  CHECK(trial_id(laboratory(), with_everything()) != trial_id(laboratory(), plain));
  CHECK(canonical_text(laboratory(), with_everything()).find("model.layers=2\n") != std::string::npos);
}

TEST_CASE("[around] trials with everything train, and have the same bits again and in any number of shards") {
  for (const std::string task : {"copy", "adding"})
    for (const bool bidirectional : {false, true})
      for (const std::string mask : {"sequence", "step"}) {
        Config config = with_everything(task);
        config.model.bidirectional = bidirectional;
        config.model.dropout_mask = mask;
        const TrialRecord record = run_trial(laboratory(), config);
        CHECK(record.status == TrialStatus::done);
        CHECK(to_json(run_trial(laboratory(), config)) == to_json(record));
        const std::vector<double> one = losses(config, 3);
        config.train.batch_shards = 4;
        const std::vector<double> four = losses(config, 3);
        for (std::size_t i = 0; i < one.size(); ++i) CHECK(four[i] == doctest::Approx(one[i]).epsilon(1e-4));
      }
}

TEST_CASE("[around] masks change from update to update, and not with the number of shards alone") {
  Config config = copying_config("adding");
  config.model.dropout_output = 0.5;
  const std::vector<double> dropped = losses(config, 2);
  config.model.dropout_output = 0;
  const std::vector<double> whole = losses(config, 2);
  CHECK(dropped[0] != whole[0]);
  CHECK(dropped[1] - whole[1] != dropped[0] - whole[0]);
}

TEST_CASE("[around] dropout is off at validation, and zoneout is its expectation there") {
  Config config = copying_config();
  const Evaluation plain = Training(config).validate();
  config.model.dropout_input = config.model.dropout_output = config.model.dropout_recurrent = 0.5;
  const Evaluation dropout = Training(config).validate();
  CHECK(dropout.metrics == plain.metrics);
  config.model.zoneout = 0.5;
  CHECK(Training(config).validate().loss() != plain.loss());
  CHECK(Training(config).validate().loss() == Training(config).validate().loss());
}

TEST_CASE("[around] a window that holds the sequence is full BPTT, bit for bit, with everything around") {
  for (const std::string mask : {"sequence", "step"}) {
    Config config = with_everything();
    config.model.dropout_mask = mask;
    const std::string full = to_json(run_trial(laboratory(), config));
    config.train.window = config.train.stride = 40;
    CHECK(to_json(run_trial(laboratory(), config)) == full);
  }
}

TEST_CASE("[around] all windows of a batch have the masks of its whole sequences") {
  for (const std::string mask : {"sequence", "step"}) {
    Config config = with_everything();
    config.model.dropout_mask = mask;
    const std::vector<double> whole = losses(config, 2);
    const auto steps =
        static_cast<double>(laboratory().make_task(config.task)->training(config.seed)->max_steps(1));
    for (const auto& [window, stride] : {std::pair{5, 5}, {7, 3}}) {
      config.train.window = window;
      config.train.stride = stride;
      const auto windows = windows_of(static_cast<std::int64_t>(steps), window, stride);
      const std::vector<double> parts = losses(config, 2 * std::ssize(windows));
      for (std::size_t batch = 0; batch < 2; ++batch) {
        double sum = 0;
        for (std::size_t i = 0; i < windows.size(); ++i)
          sum += parts[batch * windows.size() + i] *
                 static_cast<double>(windows[i].end - windows[i].counted) / steps;
        CHECK(sum == doctest::Approx(whole[batch]).epsilon(1e-5));
      }
    }
  }
}

TEST_CASE("[around] a reverse direction and truncated BPTT are refused together, by their keys") {
  Config config = copying_config();
  config.model.bidirectional = true;
  config.train.window = config.train.stride = 5;
  const std::string text = training_refusal(config);
  CHECK(text.find("train.window is 5") != std::string::npos);
  CHECK(text.find("model.bidirectional is true") != std::string::npos);
}

TEST_CASE("[around] a trial that diverges says in which layer and direction, under its masks") {
  Config config = copying_config();
  config.model.cell = "vanilla";
  config.model.activation = "identity";
  config.model.init = "identity";
  config.model.init_scale = 1e7;
  config.model.layers = 2;
  config.model.dropout_recurrent = 0.5;
  Training stack(config);
  CHECK_FALSE(std::isfinite(stack.update(0)));
  CHECK(stack.first_non_finite().find("layer2.h") != std::string::npos);
  config.model.layers = 1;
  config.model.bidirectional = true;
  Training both(config);
  CHECK_FALSE(std::isfinite(both.update(0)));
  CHECK(both.first_non_finite().find("h at time step") != std::string::npos);
}

TEST_CASE("[around] more layers cost more, dropout nearly nothing in the estimate") {
  Config config = copying_config("adding");
  config.model.hidden = 64;
  const TrialCost one = trial_cost(laboratory(), config);
  config.model.layers = 3;
  const TrialCost three = trial_cost(laboratory(), config);
  CHECK(three.flops > 2.5 * one.flops);
  CHECK(three.bytes > 2 * one.bytes);
  config.model.layers = 1;
  config.model.dropout_recurrent = 0.5;
  const TrialCost dropout = trial_cost(laboratory(), config);
  CHECK(dropout.flops > one.flops);
  CHECK(dropout.flops < 1.1 * one.flops);
}

TEST_CASE(
    "[around] parameters start as their specs say, else in the way of their role, within their bounds") {
  Config config = copying_config();
  config.model.cell =
      "cell test\nstate h\n"
      "param b_gain init constant(2)\nparam b_low init constant(-2) in [-1, 5]\n"
      "param b_minus init negative(b_gain)\nparam U init identity(0.5)\n"
      "h' = tanh(W x + U h + b + b_gain * b_low * b_minus)\n";
  const Training training(config);
  const auto start = [&](std::string_view name) -> const Tensor<float>& {
    const auto& specs = training.trainer.specs();
    const auto at = std::ranges::find(specs, name, &ParameterSpec::name) - specs.begin();
    REQUIRE(at < std::ssize(specs));
    return training.trainer.parameters()[static_cast<std::size_t>(at)];
  };
  const std::int64_t hidden = config.model.hidden;
  CHECK(std::abs(start("W")[0]) > 0);
  CHECK(start("b").same_bits(Tensor<float>({hidden})));
  CHECK(start("b_gain").same_bits(Tensor<float>({hidden}, 2)));
  CHECK(start("b_low").same_bits(Tensor<float>({hidden}, -1)));
  CHECK(start("b_minus").same_bits(Tensor<float>({hidden}, -2)));
  for (std::int64_t i = 0; i < hidden; ++i)
    for (std::int64_t j = 0; j < hidden; ++j) CHECK(start("U")[i * hidden + j] == (i == j ? 0.5f : 0.0f));
}

TEST_CASE("[around] projection moves what is outside of the bounds to them, and nothing else") {
  Tensor<float> values({4}, {-3, -0.5, 0.5, 3});
  project({.lower = -1, .upper = 1}, values.span());
  CHECK(values.same_bits(Tensor<float>({4}, {-1, -0.5, 0.5, 1})));
  project({.upper = 0}, values.span());
  CHECK(values.same_bits(Tensor<float>({4}, {-1, -0.5, 0, 0})));
  values[0] = std::numeric_limits<float>::quiet_NaN();
  project({.lower = -1, .upper = 1}, values.span());
  CHECK(std::isnan(values[0]));
}

namespace {

/// The values of a parameter after some updates of a cell that is given as text.
Tensor<float> trained_parameter(const std::string& cell, std::string_view name, std::int64_t updates) {
  Config config = copying_config();
  config.model.cell = cell;
  config.train.learning_rate = 0.01;
  Training training(config);
  for (std::int64_t n = 0; n < updates; ++n) training.update(n);
  for (std::size_t i = 0; i < training.trainer.specs().size(); ++i)
    if (training.trainer.specs()[i].name == name) return training.trainer.parameters()[i];
  throw std::invalid_argument("no such parameter");
}

std::string cell_with(const std::string& declarations) {
  return "cell test\nstate h\n" + declarations + "h' = tanh(W_xh x + W_hh h + b_h)\n";
}

}  // namespace

TEST_CASE("[around] a parameter that is not trained stays as it starts, bit for bit, and the others move") {
  const std::string fixed = cell_with("param W_hh init identity(0.5) fixed\n");
  const Tensor<float> start = trained_parameter(fixed, "W_hh", 0);
  CHECK(start[0] == 0.5f);
  CHECK(trained_parameter(fixed, "W_hh", 5).same_bits(start));
  CHECK_FALSE(trained_parameter(fixed, "W_xh", 5).same_bits(trained_parameter(fixed, "W_xh", 0)));
  CHECK_FALSE(trained_parameter(cell_with("param W_hh init identity(0.5)\n"), "W_hh", 5).same_bits(start));
}

TEST_CASE("[around] a parameter with bounds is inside of them after every update") {
  const auto largest = [](const Tensor<float>& b) {
    double most = 0;
    for (const float x : b.span()) most = std::max(most, std::abs(static_cast<double>(x)));
    return most;
  };
  const std::string bounded = cell_with("param b_h in [-0.005, 0.005]\n");
  for (std::int64_t updates = 1; updates < 5; ++updates)
    CHECK(largest(trained_parameter(bounded, "b_h", updates)) <= 0.005f);
  CHECK(largest(trained_parameter(bounded, "b_h", 5)) == 0.005f);
  CHECK(largest(trained_parameter(cell_with(""), "b_h", 5)) > 0.005f);
}

TEST_CASE("[around] a start that equations call learned is trained, also in windows") {
  for (const std::int64_t window : {0, 5}) {
    Config config = copying_config();
    config.model.cell = "cell test\nstate h = learned\nh' = tanh(W_xh x + W_hh h + b_h)\n";
    config.train.window = config.train.stride = window;
    Training training(config);
    const auto at = std::ranges::find(training.trainer.specs(), "start.h", &ParameterSpec::name) -
                    training.trainer.specs().begin();
    REQUIRE(at < std::ssize(training.trainer.specs()));
    const Tensor<float> start = training.trainer.parameters()[static_cast<std::size_t>(at)];
    training.update(0);
    CHECK_FALSE(training.trainer.parameters()[static_cast<std::size_t>(at)].same_bits(start));
  }
}
