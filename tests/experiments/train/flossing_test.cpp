#include "models/flossing.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "experiments/instruments/lyapunov.hpp"
#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/plan/gradcheck.hpp"
#include "framework/tensor/linalg.hpp"
#include "tests/experiments/train/training.hpp"

// Squared Lyapunov exponents as a part of what training descends.

using namespace unroll;
using namespace unroll::test;

namespace {

constexpr std::int64_t flossed_units = 5, flossed_steps = 8, flossed_rows = 3;

Config flossing_config(double flossing, std::int64_t exponents) {
  Config config = laboratory().default_config();
  config.task = {.name = "temporal_order", .length = 10};
  config.model.hidden = flossed_units;
  config.train.batch = flossed_rows;
  config.train.flossing = flossing;
  config.train.flossing_exponents = exponents;
  config.train.optimizer = "sgd";
  config.train.learning_rate = 0.1;
  laboratory().resolve(config);
  return config;
}

/// A model of one cell on its own tape, with the regulariser of so many exponents.
struct OneModel {
  OneModel(const std::string& cell, std::int64_t layers, std::int64_t exponents,
           const std::string& activation = "tanh")
      : model(
            [&](std::int64_t inputs) {
              return make_cell(cell_table(), cell, {inputs, flossed_units, activation, {}});
            },
            2, {.layers = layers}, 1, Readout::last),
        specs(model.parameters()),
        p(tape, specs),
        x(tape.input("x", {flossed_steps, flossed_rows, 2})),
        recorded(model.record(x, p, run)),
        flossing(model.flossing(p, run, recorded, exponents)) {
    Stream stream(11, Purpose::check);
    for (const ParameterSpec& spec : specs) {
      values.emplace_back(spec.shape);
      for (double& v : values.back().span()) v = 0.5 * stream.normal();
    }
    read = Tensor<double>({flossed_steps, flossed_rows, 2});
    for (double& v : read.span()) v = stream.normal();
  }

  double value() {
    Plan<double> plan(tape, {flossing});
    for (std::size_t i = 0; i < values.size(); ++i) plan.bind(p.all()[i], values[i]);
    plan.bind(x, read);
    plan.run();
    return plan.value(flossing)[0];
  }

  SequenceModel model;
  std::vector<ParameterSpec> specs;
  Tape tape;
  Parameters p;
  RunOptions run{.transitions = true};
  Var x;
  SequenceModel::Recorded recorded;
  Var flossing;
  std::vector<Tensor<double>> values;
  Tensor<double> read;
};

/// The sum of squares of the instrument's exponents, each sequence by itself.
double of_instrument(const OneModel& one, std::int64_t exponents) {
  StateMap map(one.model, 2, false, one.values);
  double total = 0;
  for (std::int64_t b = 0; b < flossed_rows; ++b) {
    const auto given = [&](std::int64_t t, std::int64_t times) -> StepInput {
      Tensor<double> rows({times, 2});
      for (std::int64_t i = 0; i < times * 2; ++i) rows[i] = one.read[(t * flossed_rows + b) * 2 + i % 2];
      return rows;
    };
    for (const double lambda :
         lyapunov_exponents(map, map.start(1), given, {.steps = flossed_steps, .most = exponents}))
      total += lambda * lambda;
  }
  return total / static_cast<double>(flossed_rows);
}

}  // namespace

TEST_CASE("[flossing] it is the sum of the squares of the exponents that the instrument finds") {
  for (const char* cell : {"vanilla", "lstm", "gru", "lem"})
    for (const std::int64_t exponents : {1, 3, 5}) {
      CAPTURE(cell);
      CAPTURE(exponents);
      OneModel one(cell, 1, exponents);
      CHECK(one.value() == doctest::Approx(of_instrument(one, exponents)).epsilon(1e-9));
    }
}

TEST_CASE("[flossing] its gradient goes through Jacobians, factors and states of all layers") {
  for (const char* cell : {"vanilla", "lstm"})
    for (const std::int64_t layers : {1, 2}) {
      CAPTURE(cell);
      CAPTURE(layers);
      OneModel one(cell, layers, 3);
      std::vector<Var> reached;
      for (const ParameterSpec& spec : one.specs)
        if (!spec.name.starts_with("readout")) reached.push_back(one.p[spec.name]);
      const GradcheckReport report = gradcheck(one.flossing, reached);
      CHECK_MESSAGE(report.ok(), report.to_text());
    }
}

TEST_CASE("[flossing] of the linear net g Q it is n ln(g)^2, and its slope in g 2 n ln(g) / g") {
  constexpr double gain = 0.8;
  OneModel one("vanilla", 1, flossed_units, "identity");
  for (std::size_t i = 0; i < one.specs.size(); ++i) {
    if (one.specs[i].name != "W_hh") continue;
    one.values[i] = qr(one.values[i]).q;
    for (double& w : one.values[i].span()) w *= gain;
    CHECK(one.value() == doctest::Approx(flossed_units * std::log(gain) * std::log(gain)).epsilon(1e-12));
    const Var g = gradients(one.flossing, {one.p["W_hh"]})[0];
    Plan<double> plan(one.tape, {g});
    for (std::size_t k = 0; k < one.values.size(); ++k) plan.bind(one.p.all()[k], one.values[k]);
    plan.bind(one.x, one.read);
    plan.run();
    double along = 0;  // W changes by W / g where g changes by 1
    for (std::int64_t k = 0; k < flossed_units * flossed_units; ++k)
      along += plan.value(g)[static_cast<std::size_t>(k)] * one.values[i][k] / gain;
    CHECK(along == doctest::Approx(2 * flossed_units * std::log(gain) / gain).epsilon(1e-10));
  }
}

TEST_CASE("[flossing] alone it brings exponents to 0, where the loss would leave them") {
  const auto flossing_after = [](std::int64_t updates, std::int64_t alone) {
    Config config = flossing_config(1, 3);
    config.train.flossing_updates = alone;
    config.train.learning_rate = 0.05;
    config.train.clip_norm = 1;  // where two exponents meet, the gradient through QR has no bound
    Training training(config);
    for (std::int64_t n = 0; n < updates; ++n) training.update(n);
    const TaskModel& model = training.models.training_plan(0).model();
    Plan<float> plan(*model.tape, {model.flossing});
    Feed<float> feed;
    const Piece piece{.batch = training.models.training().batch(1000, flossed_rows)};
    model.fill(feed, piece, {0, flossed_rows}, 1);
    model.bind(plan, feed, piece, training.trainer.parameters());
    plan.run();
    return plan.value(model.flossing)[0];
  };
  const float before = flossing_after(0, 200);
  CHECK(flossing_after(200, 200) < 0.2f * before);
  CHECK(flossing_after(200, 1) > 0.5f * before);
}

TEST_CASE("[flossing] the first updates leave alone what it does not reach; later ones descend the loss") {
  Config config = flossing_config(1, 2);
  config.train.flossing_updates = 2;
  const auto start = parameters_after(config, 0), flossed = parameters_after(config, 2),
             after = parameters_after(config, 3);
  REQUIRE(Training(config).trainer.specs()[3].name == "readout.W_hy");
  CHECK(flossed[3] == start[3]);
  CHECK(flossed[1] != start[1]);
  CHECK(after[3] != start[3]);
  // Without those first updates, and the regulariser beside the loss: all are moved at once.
  config.train.flossing_updates = 0;
  CHECK(parameters_after(config, 1)[3] != start[3]);
}

TEST_CASE("[flossing] beside Omega both are added, and shards change no more than the order of a sum") {
  Config config = flossing_config(0.5, 2);
  config.train.batch = 8;
  const auto alone = parameters_after(config, 1);
  config.train.omega = 1;
  const auto both = parameters_after(config, 1);
  CHECK(both[1] != alone[1]);
  config.train.flossing = 0;
  CHECK(parameters_after(config, 1)[1] != both[1]);
  config.train.flossing = 0.5;
  config.train.batch_shards = 4;
  const auto sharded = parameters_after(config, 1);
  for (std::size_t i = 0; i < both.size(); ++i)
    for (std::size_t k = 0; k < both[i].size(); ++k)
      CHECK(sharded[i][k] == doctest::Approx(both[i][k]).epsilon(1e-4).scale(1e-2));
}

TEST_CASE("[flossing] where exponents have no meaning it is refused, with the setting that is in the way") {
  struct Bad {
    void (*change)(Config&);
    const char* message;
  };
  const std::vector<Bad> all = {
      {[](Config& c) {
         c.task = {.name = "parity", .length = {3, 12}};
         laboratory().resolve(c);
       },
       "train.flossing is 1, but the sequences of the task parity differ in length within a batch: a "
       "Lyapunov "
       "exponent is a mean over the steps of one length"},
      {[](Config& c) { c.model.dropout_recurrent = 0.1; },
       "train.flossing is 1, but dropout and zoneout draw masks: what a step does to its states is then "
       "another "
       "map at each step; set them to 0"},
      {[](Config& c) { c.model.cell = "ctrnn"; },
       "train.flossing is 1, but the cell draws noise of its own, so that a step is another map each time"},
      {[](Config& c) {
         c.task = {.name = "copy", .length = 3};
         laboratory().resolve(c);
         c.train.window = c.train.stride = 8;
         c.train.flossing_updates = 5;
       },
       "train.flossing_updates is 5 and train.window 8: windows carry on the states of one objective; set "
       "one "
       "of them to 0"}};
  for (const Bad& bad : all) {
    Config config = flossing_config(1, 2);
    bad.change(config);
    CHECK_THROWS_WITH_AS(Training{config}, doctest::Contains(bad.message), std::invalid_argument);
  }
}
