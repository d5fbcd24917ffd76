#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "experiments/bench/diagonal_lstm_step.hpp"
#include "experiments/bench/engine_step.hpp"
#include "experiments/bench/rivals/cells_as_ops.hpp"
#include "experiments/bench/rivals/diagonal_lstm.hpp"
#include "experiments/bench/rivals/plain_s4d.hpp"
#include "experiments/bench/rows.hpp"

using namespace unroll;

namespace {

double largest_difference(std::span<const double> a, std::span<const double> b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

}  // namespace

TEST_CASE("[bench] the LSTM that is differentiated by hand has the engine's loss and gradient") {
  for (const std::int64_t layers : {1, 2, 4})
    for (const std::int64_t steps : {1, 2, 50}) {
      INFO(layers, " layers, ", steps, " steps");
      DiagonalLstmStep engine(layers, steps);
      DiagonalLstm hand(layers, steps);
      for (int run = 0; run < 70; ++run) engine.run();  // machine code of steps included
      const double loss = hand.run(engine.weights().span(), engine.ends().span(), engine.states().span(),
                                   engine.inputs().span(), engine.targets().span());
      CHECK(engine.loss() == doctest::Approx(loss).epsilon(1e-13));
      CHECK(largest_difference(engine.weight_gradient(), hand.weight_gradient()) < 1e-13);
      CHECK(largest_difference(engine.end_gradient(), hand.end_gradient()) < 1e-13);
      CHECK(std::ranges::any_of(hand.weight_gradient(), [](double g) { return std::abs(g) > 1e-4; }));
    }
}

TEST_CASE("[bench] a cell as C++ ops is the cell of equations") {
  const StepShape shape{9, 3, 2, 6};
  int compared = 0;
  for (const BenchRow& row : bench_rows()) {
    if (row.kind != BenchKind::ops) continue;
    const std::string cell(row.cell);
    INFO(cell);
    REQUIRE(cell_as_ops(cell + "_ops", {.input_size = 2, .hidden_size = 6}) != nullptr);
    EngineStep equations(cell, shape), ops(cell + "_ops", shape);
    equations.run();
    ops.run();
    CHECK(ops.loss() == doctest::Approx(equations.loss()).epsilon(1e-6));
    for (std::size_t i = 0; i < ops.specs().size(); ++i)
      for (std::size_t k = 0; k < ops.gradient(i).size(); ++k)
        CHECK(ops.gradient(i)[k] == doctest::Approx(equations.gradient(i)[k]).epsilon(1e-4).scale(1));
    ++compared;
  }
  CHECK(compared >= 7);
  CHECK(cell_as_ops("lstm", {.input_size = 2, .hidden_size = 6}) == nullptr);
}

TEST_CASE("[bench] the plain loop of s4d has the engine's loss and gradients") {
  CHECK(plain_wide_loop("lstm", {7, 3, 2, 5}) == nullptr);
  for (const StepShape shape : {StepShape{1, 1, 1, 1}, {7, 3, 2, 5}, {60, 20, 2, 128}}) {
    INFO(shape.steps, " ", shape.rows, " ", shape.hidden);
    EngineStep engine("s4d", shape);
    const std::unique_ptr<PlainLoop> loop = plain_wide_loop("s4d", shape);
    for (int run = 0; run < 2; ++run) {
      engine.run();
      CHECK(loop->run(engine.values(), engine.inputs(), engine.targets()) ==
            doctest::Approx(engine.loss()).epsilon(1e-5));
    }
    for (std::size_t i = 0; i < engine.specs().size(); ++i) {
      INFO(engine.specs()[i].name);
      float largest = 0, error = 0;
      for (std::size_t k = 0; k < engine.gradient(i).size(); ++k) {
        const float found = loop->gradients()[i][static_cast<std::int64_t>(k)];
        largest = std::max(largest, std::abs(engine.gradient(i)[k]));
        error = std::max(error, std::abs(found - engine.gradient(i)[k]));
      }
      CHECK(error <= 1e-4f * largest);
    }
  }
}
