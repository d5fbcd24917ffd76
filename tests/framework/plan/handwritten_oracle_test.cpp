#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "experiments/bench/rivals/gemm_floor.hpp"
#include "experiments/bench/rivals/handwritten_vanilla.hpp"
#include "experiments/bench/rivals/minimal_gated_unit.hpp"
#include "experiments/bench/rivals/onednn_recurrent.hpp"
#include "experiments/bench/rivals/plain_loop.hpp"
#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/plan/plan.hpp"
#include "models/cell_table.hpp"
#include "models/sequence_model.hpp"
#include "tests/support/random_tensor.hpp"

using namespace unroll;
using sizes::B;
using sizes::T;

namespace {

constexpr StepShape shapes[] = {
    {1, 1, 1, 1}, {7, 3, 2, 5}, {35, 20, 12, 33}, {100, 20, 2, 128}, {300, 2, 3, 17}};

/// One batch and weights that keep gradients alive over many steps.
struct Batch {
  explicit Batch(StepShape s, std::string_view cell = "vanilla")
      : x(random_tensor<float>({s.steps, s.rows, s.inputs}, 100)),
        target(random_tensor<float>({s.rows, 1}, 101)) {
    const double scale = 1 / std::sqrt(static_cast<double>(s.hidden));
    for (const ParameterSpec& spec : model_of(cell, s).parameters())
      parameters.push_back(random_tensor<float>(spec.shape, parameters.size() + 1, scale));
  }

  static SequenceModel model_of(std::string_view cell, StepShape s) {
    return SequenceModel(make_cell(cell, {s.inputs, s.hidden}), 1, Readout::last);
  }

  std::vector<Tensor<float>> parameters;
  Tensor<float> x, target;
};

/// The engine's gradients of all parameters and its loss, last.
std::vector<Tensor<float>> engine_results(StepShape s, const Batch& batch,
                                          std::string_view cell = "vanilla") {
  Tape tape;
  const Var x = tape.input("x", {T, B, s.inputs}), target = tape.input("target", {B, 1});
  const SequenceModel model = Batch::model_of(cell, s);
  const auto specs = model.parameters();
  const Parameters p(tape, specs);
  const Var loss = mse(model.record(x, p).outputs, target);
  std::vector<Var> outputs = gradients(loss, p.all());
  outputs.push_back(loss);
  Plan<float> plan(tape, outputs);
  plan.bind(x, batch.x);
  plan.bind(target, batch.target);
  for (std::size_t i = 0; i < specs.size(); ++i) plan.bind(p.all()[i], batch.parameters[i]);
  plan.run();
  std::vector<Tensor<float>> results;
  for (const Var& output : outputs) results.push_back(plan.tensor(output));
  return results;
}

/// The largest difference relative to the largest element of `expected`.
double relative_difference(std::span<const float> values, std::span<const float> expected) {
  REQUIRE(values.size() == expected.size());
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    difference = std::max(difference, std::abs(double{values[i]} - double{expected[i]}));
    size = std::max(size, std::abs(double{expected[i]}));
  }
  return size > 0 ? difference / size : difference;
}

}  // namespace

TEST_CASE("[bench] the engine and hand-written backpropagation give the same loss and gradients") {
  for (const StepShape& shape : shapes) {
    INFO(shape.steps << " x " << shape.rows << " x " << shape.inputs << " x " << shape.hidden);
    const Batch batch(shape);
    HandwrittenVanilla net(shape);
    const float loss = net.run(batch.parameters, batch.x, batch.target);
    const std::vector<Tensor<float>> expected = engine_results(shape, batch);
    CHECK(loss == doctest::Approx(expected.back()[0]).epsilon(1e-5));
    for (std::size_t i = 0; i < net.gradients().size(); ++i) {
      INFO("parameter " << i);
      CHECK(relative_difference(net.gradients()[i].span(), expected[i].span()) < 1e-5);
    }
    // Negative control: another batch is seen.
    Batch other = batch;
    other.target[0] += 0.01f;
    net.run(other.parameters, other.x, other.target);
    CHECK(relative_difference(net.gradients()[4].span(), expected[4].span()) > 1e-5);
  }
}

TEST_CASE(
    "[bench] the engine and the plain loop give the same loss and gradients of every cell they race with") {
  for (const std::string_view cell : {"vanilla", "gru", "lstm"})
    for (const std::int64_t rows : {1, 16})
      for (const std::int64_t hidden : {1, 4, 8, 16, 32, 64}) {
        const StepShape shape = {40, rows, 1, hidden};
        INFO(cell << " with " << rows << " rows and " << hidden << " hidden units");
        Batch batch(shape, cell);
        const auto loop = plain_loop(cell, shape);
        loop->run(batch.parameters, batch.x, batch.target);  // what it keeps is of no consequence
        const float loss = loop->run(batch.parameters, batch.x, batch.target);
        const std::vector<Tensor<float>> expected = engine_results(shape, batch, cell);
        CHECK(loss == doctest::Approx(expected.back()[0]).epsilon(1e-5));
        REQUIRE(loop->gradients().size() == batch.parameters.size());
        for (std::size_t i = 0; i < batch.parameters.size(); ++i) {
          INFO("parameter " << i);
          CHECK(relative_difference(loop->gradients()[i].span(), expected[i].span()) < 2e-5);
        }
        // Negative control: another batch is seen.
        batch.target[0] += 0.1f;
        loop->run(batch.parameters, batch.x, batch.target);
        CHECK(relative_difference(loop->gradients().back().span(),
                                  expected[batch.parameters.size() - 1].span()) > 1e-4);
      }
  CHECK_THROWS_AS(plain_loop("mgu", {40, 1, 1, 8}), std::invalid_argument);
  CHECK_THROWS_AS(plain_loop("gru", {40, 2, 1, 8}), std::invalid_argument);
}

TEST_CASE("[bench] hand-written backpropagation gives the same bits again") {
  const StepShape shape = shapes[2];
  const Batch batch(shape);
  HandwrittenVanilla net(shape);
  const float loss = net.run(batch.parameters, batch.x, batch.target);
  const std::vector<Tensor<float>> first = net.gradients();
  CHECK(net.run(batch.parameters, batch.x, batch.target) == loss);
  for (std::size_t i = 0; i < first.size(); ++i) CHECK(net.gradients()[i].same_bits(first[i]));
}

TEST_CASE("[bench] oneDNN's primitive, as it is timed, gives the gradients of hand-written backpropagation") {
  const StepShape shape = {20, 6, 4, 24};
  Batch batch(shape);
  batch.parameters[2].fill(0);
  HandwrittenVanilla net(shape);
  net.run(batch.parameters, batch.x, batch.target);
  OnednnRecurrent primitive("vanilla", shape);
  std::ranges::copy(batch.x.span(), primitive.inputs().data());
  std::ranges::copy(batch.parameters[0].span(), primitive.input_weights().data());
  std::ranges::copy(batch.parameters[1].span(), primitive.recurrent_weights().data());
  primitive.run();  // for h_T, which its gradient depends on
  for (std::int64_t i = 0; i < shape.rows; ++i) {
    const std::span<const float> w = batch.parameters[3].span();
    double y = batch.parameters[4][0];
    for (std::int64_t j = 0; j < shape.hidden; ++j) y += primitive.last_state()[i * shape.hidden + j] * w[j];
    for (std::int64_t j = 0; j < shape.hidden; ++j)
      primitive.last_gradient()[i * shape.hidden + j] =
          static_cast<float>(2 * (y - batch.target[i]) / static_cast<double>(shape.rows) * w[j]);
  }
  primitive.run();
  CHECK(relative_difference(primitive.input_weight_gradients().span(), net.gradients()[0].span()) < 1e-5);
  CHECK(relative_difference(primitive.recurrent_weight_gradients().span(), net.gradients()[1].span()) < 1e-5);
  CHECK_THROWS_AS(OnednnRecurrent("mgu", shape), std::invalid_argument);
}

TEST_CASE("[bench] the floor counts the products of a vanilla step") {
  const StepShape s = {10, 3, 2, 5};
  const double input = 2.0 * 10 * 3 * 2 * 5, recurrent = 2.0 * 3 * 5 * 5;
  GemmFloor floor("vanilla", s);
  CHECK(floor.flops() == 2 * input + (10 + 9 + 10) * recurrent);
  CHECK(GemmFloor("mgu", s).flops() == 2 * (2 * input) + 2 * (10 + 10) * recurrent + (9 + 10) * recurrent);
  CHECK_THROWS_AS(GemmFloor("transformer", s), std::invalid_argument);
  floor.run();
}

TEST_CASE("[bench] the minimal gated unit is its equations") {
  Tape tape;
  const MinimalGatedUnit cell({1, 1});
  const auto specs = cell.parameters();
  const Parameters p(tape, specs);
  const Var x = tape.input("x", {B, 1}), h = tape.input("h", {B, 1});
  const Var next = cell.step(p, {x, {h}}).state[0];
  Plan<double> plan(tape, {next});
  const double w_f = 0.5, u_f = -0.7, b_f = 0.1, w_g = 1.2, u_g = 0.9, b_g = -0.3, xs = 0.8, hs = -0.4;
  std::vector<Tensor<double>> values;
  for (const double value : {w_f, u_f, b_f, w_g, u_g, b_g})
    values.emplace_back(specs[values.size()].shape, value);
  for (std::size_t i = 0; i < specs.size(); ++i) plan.bind(p.all()[i], values[i]);
  const Tensor<double> x_value({1, 1}, xs), h_value({1, 1}, hs);
  plan.bind(x, x_value);
  plan.bind(h, h_value);
  plan.run();
  const double f = 1 / (1 + std::exp(-(w_f * xs + u_f * hs + b_f)));
  const double g = std::tanh(w_g * xs + u_g * (f * hs) + b_g);
  CHECK(plan.value(next)[0] == doctest::Approx((1 - f) * hs + f * g).epsilon(1e-14));
}
