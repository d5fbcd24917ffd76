#include "models/cell_table.hpp"
#include "models/language/definition.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <set>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/plan/gradcheck.hpp"
#include "framework/plan/plan.hpp"
#include "models/activation.hpp"
#include "models/sequence_model.hpp"
#include "tests/models/small_cells.hpp"
#include "tests/models/wrapped_cells.hpp"
#include "tests/support/away_from_kinks.hpp"
#include "tests/support/random_tensor.hpp"

using namespace unroll;
using namespace unroll::test;
using sizes::B;
using sizes::T;

namespace {

// Differences of a loss of order 1 carry rounding of about 1e-12: smaller derivatives than 1e-4, of which a
// gated cell has some, are compared to 1e-10.
constexpr double smallest = 1e-4;

double apply(const std::string& activation, double a) {
  if (activation == "tanh") return std::tanh(a);
  if (activation == "relu") return a > 0 ? a : 0;
  if (activation == "sigmoid") return 1 / (1 + std::exp(-a));
  return a;
}

/// A model with random parameters, in double.
struct CellFixture {
  Tape tape;
  Var x = tape.input("x", {T, B, small_inputs});
  SequenceModel model;
  Parameters p;
  SequenceModel::Recorded recorded;
  std::map<std::string, Tensor<double>> values;
  Tensor<double> batch;

  CellFixture(const std::string& cell, const std::string& activation, Readout readout, std::int64_t steps,
              std::int64_t rows)
      : model(make_cell(cell, {small_inputs, small_hidden, activation, test::small_constants(cell)}),
              small_outputs, readout),
        p(tape, model.parameters()),
        recorded(model.record(x, p)),
        batch(random_tensor<double>({steps, rows, small_inputs}, 50)) {
    std::uint64_t seed = 0;
    for (const ParameterSpec& spec : model.parameters())
      values.emplace(spec.name, random_tensor<double>(spec.shape, ++seed));
  }

  void bind(Plan<double>& plan) {
    plan.bind(x, batch);
    for (const ParameterSpec& spec : model.parameters()) plan.bind(p[spec.name], values.at(spec.name));
  }
};

/// h_t = f(W_xh x_t + W_hh h_{t-1} + b_h), y_t = W_hy h_t + b_y, h_0 = 0, written out.
std::vector<double> vanilla_by_hand(const CellFixture& f, const std::string& activation, std::int64_t row) {
  const auto& w = f.values;
  std::vector<double> h(small_hidden, 0.0), all;
  for (std::int64_t t = 0; t < f.batch.shape()[0]; ++t) {
    std::vector<double> next(small_hidden);
    for (std::int64_t i = 0; i < small_hidden; ++i) {
      double a = w.at("b_h")[i];
      for (std::int64_t j = 0; j < small_inputs; ++j)
        a += w.at("W_xh")[i * small_inputs + j] * f.batch[(t * f.batch.shape()[1] + row) * small_inputs + j];
      for (std::int64_t j = 0; j < small_hidden; ++j) a += w.at("W_hh")[i * small_hidden + j] * h[j];
      next[i] = apply(activation, a);
    }
    h = next;
    for (std::int64_t o = 0; o < small_outputs; ++o) {
      double y = w.at("readout.b_y")[o];
      for (std::int64_t j = 0; j < small_hidden; ++j) y += w.at("readout.W_hy")[o * small_hidden + j] * h[j];
      all.push_back(y);
    }
  }
  return all;
}

/// Whether differences are those of its gradient, and of another one than with tanh. Declared gradients are
/// checked by check_cell().
bool follows_from_equations(const CellRow& row, std::string_view activation) {
  if (row.definition->declares_gradients()) return false;
  return row.definition->uses_activation || activation == "tanh";
}

}  // namespace

TEST_CASE("[vanilla] outputs are those of the equations written out, for every activation and readout") {
  constexpr std::int64_t steps = 5, rows = 3;
  for (const std::string& activation : activation_names()) {
    CellFixture every("vanilla", activation, Readout::every_step, steps, rows);
    CellFixture last("vanilla", activation, Readout::last, steps, rows);
    Plan<double> every_plan(every.tape, {every.recorded.outputs}),
        last_plan(last.tape, {last.recorded.outputs});
    every.bind(every_plan);
    last.bind(last_plan);
    every_plan.run();
    last_plan.run();
    REQUIRE(every_plan.tensor(every.recorded.outputs).shape() == Shape{steps, rows, small_outputs});
    REQUIRE(last_plan.tensor(last.recorded.outputs).shape() == Shape{rows, small_outputs});
    for (std::int64_t row = 0; row < rows; ++row) {
      const std::vector<double> expected = vanilla_by_hand(every, activation, row);
      for (std::int64_t t = 0; t < steps; ++t)
        for (std::int64_t o = 0; o < small_outputs; ++o)
          CHECK(every_plan.value(every.recorded.outputs)[(t * rows + row) * small_outputs + o] ==
                doctest::Approx(expected[t * small_outputs + o]).epsilon(1e-12));
      for (std::int64_t o = 0; o < small_outputs; ++o)
        CHECK(last_plan.value(last.recorded.outputs)[row * small_outputs + o] ==
              doctest::Approx(expected[(steps - 1) * small_outputs + o]).epsilon(1e-12));
    }
  }
}

TEST_CASE(
    "[cells] gradients of every cell agree with central differences, for every activation and readout") {
  for (const CellRow& row : cell_table())
    for (const std::string& activation : activation_names())
      for (const Readout readout : {Readout::last, Readout::every_step}) {
        if (!follows_from_equations(row, activation)) continue;
        CellFixture f(std::string(row.name), activation, readout, 4, 2);
        std::vector<Var> wrt = f.p.all();
        wrt.push_back(f.x);
        const GradcheckReport report = away_from_kinks([&](std::uint64_t seed) {
          return gradcheck(sum(sin(f.recorded.outputs)), wrt, {}, {.floor = smallest, .seed = seed});
        });
        INFO(row.name, " ", activation, "\n", report.to_text());
        CHECK(report.ok());
      }
}

TEST_CASE("[cells] Hessian-vector products of every cell agree with central differences") {
  for (const CellRow& row : cell_table())
    for (const std::string activation : {"tanh", "sigmoid"}) {
      if (!follows_from_equations(row, activation)) continue;
      CellFixture f(std::string(row.name), activation, Readout::last, 3, 2);
      Var product = f.tape.zeros({});
      for (const Var& g : gradients(sum(square(f.recorded.outputs)), f.p.all()))
        product = product + sum(g * f.tape.constant(random_tensor<double>(resolve(g.dims(), {}), 77)));
      const GradcheckReport report = away_from_kinks([&](std::uint64_t seed) {
        return gradcheck(product, f.p.all(), {}, {.floor = smallest, .seed = seed});
      });
      INFO(row.name, " ", activation, "\n", report.to_text());
      CHECK(report.ok());
    }
}

TEST_CASE("[cells] with the identity start and all units on, ReLU's gradient neither vanishes nor explodes") {
  constexpr std::int64_t steps = 200;
  Tape tape;
  const Var x = tape.input("x", {T, B, 1});
  const SequenceModel model(make_cell("vanilla", {1, 3, "relu"}), 1, Readout::last);
  const Parameters p(tape, model.parameters());
  const SequenceModel::Recorded recorded = model.record(x, p);
  const Var d = gradients(sum(recorded.outputs), {recorded.state_trajectory[0]})[0];
  Plan<double> plan(tape, {d});
  const Tensor<double> batch({steps, 1, 1}, 0.1), W_xh({3, 1}, 1.0), b_h(Shape{3}), W_hy({1, 3}, 0.5),
      b_y(Shape{1});
  Tensor<double> W_hh(Shape{3, 3});
  for (int i = 0; i < 3; ++i) W_hh[i * 4] = 1;
  plan.bind(x, batch);
  plan.bind(p["W_xh"], W_xh);
  plan.bind(p["W_hh"], W_hh);
  plan.bind(p["b_h"], b_h);
  plan.bind(p["readout.W_hy"], W_hy);
  plan.bind(p["readout.b_y"], b_y);
  plan.run();
  for (const double g : plan.value(d)) CHECK(g == 0.5);
}

TEST_CASE("[cells] the activation matters in every cell that has one of its choice, and no gate takes it") {
  for (const CellRow& row : cell_table()) {
    std::map<std::string, double> sums;
    for (const std::string& name : activation_names()) {
      CellFixture f(std::string(row.name), name, Readout::last, 3, 2);
      Plan<double> plan(f.tape, {f.recorded.outputs});
      f.bind(plan);
      plan.run();
      double& total = sums[name];
      for (const double y : plan.value(f.recorded.outputs)) total += y;
    }
    std::set<double> different;
    for (const auto& [name, value] : sums) different.insert(value);
    INFO(row.name);
    CHECK(different.size() == (row.definition->uses_activation ? activation_names().size() : 1));
  }
  // With φ = identity and all weights 0 a gate is σ(0) = 1/2, so that h of a GRU halves b_n once per step.
  CellFixture f("gru_v1", "identity", Readout::last, 2, 1);
  for (auto& [name, value] : f.values)
    value = Tensor<double>(value.shape(), name == "b_n" || name == "readout.W_hy");
  Plan<double> plan(f.tape, {f.recorded.outputs});
  f.bind(plan);
  plan.run();
  CHECK(plan.value(f.recorded.outputs)[0] == small_hidden * 0.75);
}

TEST_CASE("[cells] initial states that do not fit are refused with both shapes") {
  Tape tape;
  const SequenceModel model(make_cell("lstm", {1, 2, "tanh"}), 1, Readout::last);
  const Parameters p(tape, model.parameters());
  const Var x = tape.input("x", {T, B, 1}), h = tape.input("h", {B, 2}), narrow = tape.input("c", {B, 3});
  CHECK_THROWS_WITH_AS(model.record(x, p, {h}), doctest::Contains("1 initial states given, the cell has 2"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(model.record(x, p, {h, narrow}),
                       doctest::Contains("initial state c is (B, 3), not (B, 2)"), ShapeError);
}

TEST_CASE("[cells] unknown names are refused with the known ones") {
  CHECK_THROWS_WITH_AS(make_cell("vanila", {1, 1, "tanh"}),
                       doctest::Contains("did you mean \"vanilla\"?; known are"), std::invalid_argument);
  CHECK_THROWS_WITH_AS(make_cell("vanilla", {1, 1, "tan"}),
                       doctest::Contains("tanh, relu, sigmoid, identity"), std::invalid_argument);
  Tape tape;
  const SequenceModel model(make_cell("vanilla", {1, 2, "tanh"}), 1, Readout::last);
  const Parameters p(tape, model.parameters());
  CHECK_THROWS_WITH_AS(p["W_hx"], doctest::Contains("W_xh, W_hh, b_h, readout.W_hy, readout.b_y"),
                       std::invalid_argument);
}
