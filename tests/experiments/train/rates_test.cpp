#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <map>

#include "experiments/sweep/trial_id.hpp"
#include "tests/experiments/config/fixture.hpp"
#include "tests/experiments/sweep/planned.hpp"
#include "tests/experiments/train/training.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"

// Learning-rate factors of parameters, as settings by name.

using namespace unroll;
using namespace unroll::config_tests;
using unroll::test::Training;

namespace {

Config rates_config() {
  Config config = laboratory().default_config();
  config.task.length = 6;
  config.model.hidden = 5;
  config.train.batch = 4;
  config.train.optimizer = "sgd";
  config.train.learning_rate = 0.5;
  laboratory().resolve(config);
  return config;
}

/// How far the first update moves each parameter, by name.
std::map<std::string, std::vector<double>> first_moves(const Config& config) {
  Training training(config);
  const std::vector<Tensor<float>> before = training.trainer.parameters();
  training.update(0);
  std::map<std::string, std::vector<double>> moves;
  for (std::size_t i = 0; i < before.size(); ++i)
    for (std::int64_t j = 0; j < before[i].numel(); ++j)
      moves[training.trainer.specs()[i].name].push_back(
          static_cast<double>(training.trainer.parameters()[i][j]) - static_cast<double>(before[i][j]));
  return moves;
}

void check_factor(const std::vector<double>& moves, const std::vector<double>& plain, double factor) {
  REQUIRE(moves.size() == plain.size());
  double largest = 0;
  for (std::size_t i = 0; i < moves.size(); ++i) {
    CHECK(std::abs(moves[i] - factor * plain[i]) < 1e-6);  // of values of about 1
    largest = std::max(largest, std::abs(plain[i]));
  }
  CHECK(largest > 1e-4);  // else nothing would be seen
}

/// With a declaration of W_hh, which stands first among the parameters then.
CellText declared(const std::string& rate) {
  return CellText("cell declared\nstate h\nparam W_hh " + rate + "\nh' = tanh(W_xh x + W_hh h + b_h)\n");
}

}  // namespace

TEST_CASE("[rates] a factor multiplies its parameter's steps, and those of no other") {
  const auto plain = first_moves(rates_config());
  Config config = rates_config();
  config.train.rates = {{"W_hh", 0.1}, {"readout.b_y", 0}};
  for (const auto& [name, moves] : first_moves(config)) {
    CAPTURE(name);
    check_factor(moves, plain.at(name), name == "W_hh" ? 0.1 : name == "readout.b_y" ? 0 : 1);
  }
}

TEST_CASE("[rates] the setting goes before the cell's own factor") {
  Config config = rates_config();
  config.model.cell = declared("");
  const auto plain = first_moves(config);
  config.model.cell = declared("rate 0.5");
  check_factor(first_moves(config).at("W_hh"), plain.at("W_hh"), 0.5);
  config.train.rates = {{"W_hh", 2}};
  check_factor(first_moves(config).at("W_hh"), plain.at("W_hh"), 2);
}

TEST_CASE("[rates] names with dots are keys, in tables, quoted and on the command line") {
  const std::string nested = "train.rates.readout.b_y = 0.25\ntrain.rates.W_hh = 2";
  const std::string table = "[train.rates]\n\"readout.b_y\" = 0.25\nW_hh = 2";
  const std::string of_layers = "model.layers = 2\n[train]\nrates.layer2.W_hh = 0.5";
  const std::map<std::string, double> expected = {{"W_hh", 2}, {"readout.b_y", 0.25}};
  for (const std::string& text : {nested, table}) {
    const SweepPlan plan = plan_of(text);
    CHECK(plan.trials.at(0).config.train.rates == expected);
    const ConfigFile again(plan.resolved);
    CHECK(plan_sweep(laboratory(), again.path(), {}).trials.at(0).id == plan.trials.at(0).id);
  }
  CHECK(plan_of("", {"train.rates.readout.b_y=0.25", "train.rates.W_hh=2"}).trials.at(0).config.train.rates ==
        expected);
  CHECK(plan_of(of_layers).trials.at(0).config.train.rates.at("layer2.W_hh") == 0.5);
}

TEST_CASE("[rates] an axis of factors makes trials, and a factor is part of the id") {
  const SweepPlan plan = plan_of("[sweep]\n\"train.rates.W_hh\" = [0.1, 1]");
  CHECK(plan.trials.size() == 2);
  CHECK(plan.trials.at(0).id != plan.trials.at(1).id);
  CHECK(plan.trials.at(0).config.train.rates.at("W_hh") == 0.1);
  Config config = rates_config();
  config.train.rates = {{"W_hh", unset}};
  CHECK(trial_id(laboratory(), config) == trial_id(laboratory(), rates_config()));
}

TEST_CASE("[rates] what the model does not have or does not train is refused by name") {
  const auto message = [](const std::string& text) { return error_of<ConfigError>([&] { plan_of(text); }); };
  const std::string unknown = message("train.rates.W_hh = 1\ntrain.rates.V = 0.1");
  CHECK_MESSAGE(contains(unknown, ":2:"), unknown);
  CHECK_MESSAGE(contains(unknown, "train.rates.V: the model has no such parameter"), unknown);
  CHECK_MESSAGE(contains(unknown, "It has: W_xh, W_hh, b_h, readout.W_hy, readout.b_y"), unknown);
  const std::string typed = message("train.rates.readout.W_hi = 0.1");
  CHECK_MESSAGE(contains(typed, "did you mean \"readout.W_hy\"?"), typed);
  const std::string fixed = message("model.cell = \"echo_state\"\ntrain.rates.U = 0.1");
  CHECK_MESSAGE(contains(fixed, "train.rates.U: the cell declares this parameter fixed"), fixed);
  const std::string negative = message("train.rates.W_hh = -1");
  CHECK_MESSAGE(contains(negative, "expected a number of at least 0"), negative);
}
