#include "models/omega.hpp"

#include <doctest/doctest.h>
#include <tbb/global_control.h>

#include <cmath>
#include <vector>

#include "framework/autodiff/gradients.hpp"
#include "tests/experiments/train/training.hpp"

// Pascanu's regulariser in training: what it adds to the gradients of a whole model.

using namespace unroll;
using namespace unroll::test;

namespace {

constexpr std::int64_t omega_units = 6, omega_steps = 10, omega_rows = 3;

Config omega_config(double omega = 1) {
  Config config = laboratory().default_config();
  config.task = {.name = "temporal_order", .length = omega_steps};
  config.model.hidden = omega_units;
  config.model.init = "normal";
  config.model.init_scale = 0.6;
  config.train.batch = omega_rows;
  config.train.omega = omega;
  config.train.optimizer = "sgd";
  config.train.learning_rate = 0.1;
  laboratory().resolve(config);
  return config;
}

/// Parameters that leave nothing at 0.
std::vector<Tensor<double>> some_values(const std::vector<ParameterSpec>& specs) {
  Stream stream(5, Purpose::check);
  std::vector<Tensor<double>> all;
  for (const ParameterSpec& spec : specs) {
    all.emplace_back(spec.shape);
    for (double& x : all.back().span()) x = 0.5 * stream.normal();
  }
  return all;
}

/// A vanilla net on sequences with one answer at the end, by loops over numbers.
struct Loop {
  const Tensor<double>& w_in;   ///< (units, inputs)
  const Tensor<double>& w;      ///< (units, units)
  const Tensor<double>& b;      ///< (units)
  const Tensor<double>& w_out;  ///< (classes, units)
  const Tensor<double>& b_out;
  double omega = 0;
  std::int64_t counted = 0;
  std::vector<double> gradient = std::vector<double>(omega_units * omega_units);

  void add(const Batch& sequences, std::int64_t row) {
    const auto& x = std::get<Tensor<float>>(sequences.inputs);
    const std::int64_t inputs = x.shape()[2], rows = sequences.rows(), classes = w_out.shape()[0];
    std::vector<std::vector<double>> h(1, std::vector<double>(omega_units));
    for (std::int64_t t = 0; t < sequences.steps(); ++t) {
      std::vector<double> next(omega_units);
      for (std::int64_t i = 0; i < omega_units; ++i) {
        double a = b[i];
        for (std::int64_t j = 0; j < inputs; ++j)
          a += w_in[i * inputs + j] * static_cast<double>(x[(t * rows + row) * inputs + j]);
        for (std::int64_t j = 0; j < omega_units; ++j)
          a += w[i * omega_units + j] * h.back()[static_cast<std::size_t>(j)];
        next[static_cast<std::size_t>(i)] = std::tanh(a);
      }
      h.push_back(next);
    }
    std::vector<double> e =
        gradient_at_the_end(h.back(), std::get<Tensor<std::int64_t>>(sequences.target)[row], classes, rows);
    for (std::size_t t = h.size() - 1; t > 0; --t) e = pull_back(e, h[t]);
  }

  std::vector<double> gradient_at_the_end(const std::vector<double>& h, std::int64_t answer,
                                          std::int64_t classes, std::int64_t rows) const {
    std::vector<double> p;
    double total = 0;
    for (std::int64_t k = 0; k < classes; ++k) {
      double z = b_out[k];
      for (std::int64_t j = 0; j < omega_units; ++j)
        z += w_out[k * omega_units + j] * h[static_cast<std::size_t>(j)];
      p.push_back(std::exp(z));
      total += p.back();
    }
    std::vector<double> e(omega_units);
    for (std::int64_t j = 0; j < omega_units; ++j)
      for (std::int64_t k = 0; k < classes; ++k)
        e[static_cast<std::size_t>(j)] += w_out[k * omega_units + j] *
                                          (p[static_cast<std::size_t>(k)] / total - (k == answer)) /
                                          static_cast<double>(rows);
    return e;
  }

  /// One step: the published closed form, and the gradient one step earlier.
  std::vector<double> pull_back(const std::vector<double>& e, const std::vector<double>& h) {
    std::vector<double> delta(omega_units), v(omega_units);
    double e_square = 0, v_square = 0;
    for (std::size_t i = 0; i < omega_units; ++i) {
      delta[i] = e[i] * (1 - h[i] * h[i]);
      e_square += e[i] * e[i];
    }
    for (std::size_t j = 0; j < omega_units; ++j) {
      for (std::size_t i = 0; i < omega_units; ++i)
        v[j] += w[static_cast<std::int64_t>(i * omega_units + j)] * delta[i];
      v_square += v[j] * v[j];
    }
    const double r = v_square / e_square;
    omega += (r - 1) * (r - 1);
    ++counted;
    for (std::size_t i = 0; i < omega_units; ++i)
      for (std::size_t j = 0; j < omega_units; ++j)
        gradient[i * omega_units + j] += 4 * (r - 1) / e_square * delta[i] * v[j];
    return v;
  }
};

/// A model in double on the first batch, with these outputs.
struct InDouble {
  InDouble(const TaskModel& model, const Batch& sequences, const std::vector<Var>& outputs)
      : values(some_values(model.specs)), piece{.batch = sequences}, plan(*model.tape, outputs) {
    model.fill(feed, piece, {0, piece.batch.rows()}, 1);
    model.bind(plan, feed, piece, values);
    plan.run();
  }
  std::vector<double> value(Var v) const {
    const auto found = plan.value(v);
    return {found.begin(), found.end()};
  }

  std::vector<Tensor<double>> values;
  Piece piece;
  Feed<double> feed;
  Plan<double> plan;
};

double largest_difference(const std::vector<std::vector<float>>& a,
                          const std::vector<std::vector<float>>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t j = 0; j < a[i].size(); ++j)
      largest = std::max(largest, std::abs(static_cast<double>(a[i][j]) - static_cast<double>(b[i][j])));
  return largest;
}

}  // namespace

TEST_CASE("[omega] of a vanilla net it is the published closed form, to 1e-10") {
  const Config config = omega_config();
  const auto task = laboratory().make_task(config.task);
  const Batch sequences = task->training(1)->batch(0, omega_rows);
  TaskModel model(laboratory().cells(), config, task->spec(), Recording{.training = true});
  model.record_gradients();
  const std::vector<Var> alone = gradients(model.omega, model.parameters);
  const std::vector<Var> of_loss = gradients(model.loss, model.parameters);
  std::vector<Var> outputs = {model.omega};
  for (const std::vector<Var>& more : {alone, of_loss, model.parameter_gradients})
    outputs.insert(outputs.end(), more.begin(), more.end());
  const InDouble run(model, sequences, outputs);
  REQUIRE(model.specs[1].name == "W_hh");
  Loop loop{run.values[0], run.values[1], run.values[2], run.values[3], run.values[4]};
  for (std::int64_t b = 0; b < omega_rows; ++b) loop.add(sequences, b);
  CHECK(loop.counted == omega_rows * omega_steps);
  const auto count = static_cast<double>(loop.counted);
  CHECK(run.value(model.omega)[0] == doctest::Approx(loop.omega / count).epsilon(1e-12));
  for (std::size_t p = 0; p < model.specs.size(); ++p) {
    const std::vector<double> found = run.value(alone[p]), plain = run.value(of_loss[p]),
                              both = run.value(model.parameter_gradients[p]);
    CAPTURE(model.specs[p].name);
    for (std::size_t i = 0; i < found.size(); ++i) {
      const double expected = p == 1 ? loop.gradient[i] / count : 0;
      CHECK(std::abs(found[i] - expected) <= 1e-10 * std::max(1.0, std::abs(expected)));
      CHECK(both[i] == doctest::Approx(plain[i] + config.train.omega * found[i]).epsilon(1e-12));
    }
  }
}

TEST_CASE("[omega] the factor scales what is added, and 0 leaves everything as it was") {
  const auto plain = parameters_after(omega_config(0), 1), one = parameters_after(omega_config(1), 1),
             two = parameters_after(omega_config(2), 1);
  CHECK(largest_difference(one, plain) > 1e-4);
  for (std::size_t i = 0; i < plain.size(); ++i)
    for (std::size_t j = 0; j < plain[i].size(); ++j)
      CHECK(two[i][j] - plain[i][j] ==
            doctest::Approx(2 * (one[i][j] - plain[i][j])).epsilon(1e-2).scale(1e-4));
  for (const std::size_t p : {0u, 2u, 3u, 4u}) CHECK(one[p] == plain[p]);  // all but W_hh
  Config step = omega_config(1);
  step.train.omega_through = "step";
  CHECK(parameters_after(step, 1)[0] != plain[0]);
}

TEST_CASE("[omega] packed sequences have the regulariser that padded ones have") {
  for (const char* cell : {"vanilla", "lstm"}) {
    Config config = omega_config(2);
    config.model.cell = cell;
    config.task = {.name = "parity", .length = {3, 12}};
    config.train.batch = 8;
    laboratory().resolve(config);
    config.train.pack = true;
    const auto packed = parameters_after(config, 3);
    config.train.pack = false;
    const auto padded = parameters_after(config, 3);
    CHECK(largest_difference(packed, padded) < 1e-5);
    config.train.omega = 0;
    CHECK(largest_difference(parameters_after(config, 3), padded) > 1e-3);
  }
}

TEST_CASE("[omega] it goes with all that stands around a cell, and has the same bits on any threads") {
  Config config = omega_config(1);
  config.task = {.name = "copy", .length = 3};
  laboratory().resolve(config);
  config.model.cell = "lstm";
  config.model.layers = 2;
  config.model.residual = true;
  config.model.zoneout = 0.1;
  config.model.initial_state = "learned";
  config.train.batch_shards = 3;
  config.train.clip_norm = 1;
  for (const char* path : {"weights", "step"})
    for (const bool bidirectional : {false, true}) {
      config.train.omega_through = path;
      config.model.bidirectional = bidirectional;
      // Not both at once: what is all dropped has no size to be divided by, and its gradients know no bounds.
      config.model.layer_norm = bidirectional;
      config.model.dropout_input = config.model.dropout_output = config.model.dropout_recurrent =
          bidirectional ? 0 : 0.2;
      const auto several = parameters_after(config, 3);
      const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
      CHECK(parameters_after(config, 3) == several);
    }
  config.model.bidirectional = false;
  config.train.window = config.train.stride = 8;
  parameters_after(config, 5);
}

TEST_CASE("[omega] where it reaches no parameter it is refused, with what would") {
  Config config = omega_config(1);
  config.model.cell = "mingru";
  CHECK_THROWS_WITH_AS(Training{config}, doctest::Contains("take train.omega_through=step"),
                       std::invalid_argument);
  config.train.omega_through = "step";
  parameters_after(config, 1);
  config.model.cell = CellText("cell adder\nstate h\nh' = h + tanh(W x + b)\n");
  CHECK_THROWS_WITH_AS(Training{config}, doctest::Contains("a step whose Jacobian depends on parameters"),
                       std::invalid_argument);
}

TEST_CASE("[omega] it brings the length of gradients to 1 from step to step") {
  for (const char* cell : {"vanilla", "lstm"}) {
    Config config = omega_config(1);
    config.model.cell = cell;
    config.train.learning_rate = 0.02;
    config.train.clip_norm = 1;
    if (std::string(cell) == "lstm") config.train.omega_through = "step";
    const auto omega_after = [&](std::int64_t updates) {
      Training training(config);
      for (std::int64_t n = 0; n < updates; ++n) training.update(n);
      const TaskModel& model = training.models.training_model();
      Plan<float> plan(*model.tape, {model.omega});
      Feed<float> feed;
      const Piece piece{.batch = training.models.training().batch(1000, omega_rows)};
      model.fill(feed, piece, {0, omega_rows}, 1);
      model.bind(plan, feed, piece, training.trainer.parameters());
      plan.run();
      return plan.value(model.omega)[0];
    };
    CAPTURE(cell);
    CHECK(omega_after(300) < 0.5f * omega_after(0));
  }
}

TEST_CASE("[omega] gradients of states are clipped for one sequence, whatever the batch and its shards") {
  for (double TrainConfig::*const limit :
       {&TrainConfig::clip_state_gradient, &TrainConfig::clip_state_norm}) {
    Config config = omega_config(0);
    config.train.*limit = 1e-3;
    config.train.batch = 8;
    const auto whole = parameters_after(config, 2);
    config.train.batch_shards = 4;
    CHECK(largest_difference(parameters_after(config, 2), whole) < 1e-6);
    config.train.*limit = 0;
    const auto free = parameters_after(config, 2);
    CHECK(largest_difference(free, whole) > 1e-4);
    config.train.*limit = 1e6;
    CHECK(largest_difference(parameters_after(config, 2), free) < 1e-7);
  }
}
