#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/plan/plan.hpp"
#include "models/cell_table.hpp"
#include "tests/models/wrapped_cells.hpp"
#include "tests/support/random_tensor.hpp"

using namespace unroll;
using namespace unroll::test;

namespace {

/// After two steps, the largest |gradient| of the sum of h by a state before the first one.
double reaches_back(const std::string& name, const std::string& state) {
  const auto cell = make_cell(name, {small_inputs, small_hidden, "tanh", {}});
  Tape tape;
  const std::vector<ParameterSpec> specs = cell->parameters();
  const Parameters p(tape, specs);
  const std::vector<StateSpec> states = cell->states();
  std::vector<Var> start;
  Var asked;
  for (const StateSpec& spec : states) {
    start.push_back(tape.input(spec.name, {1, spec.shape[0]}));
    if (spec.name == state) asked = start.back();
  }
  std::vector<Var> now = start;
  const Var x = tape.input("x", {1, small_inputs});
  for (int t = 0; t < 2; ++t) now = cell->step(p, {x, now}).state;
  const Var gradient = gradients(sum(now[0]), {asked})[0];
  Plan<double> plan(tape, {gradient});
  std::vector<Tensor<double>> values;
  std::uint64_t seed = 0;
  values.reserve(specs.size() + states.size() + 1);
  for (const ParameterSpec& spec : specs)
    plan.bind(p[spec.name], values.emplace_back(random_tensor<double>(spec.shape, ++seed)));
  for (std::size_t i = 0; i < states.size(); ++i)
    plan.bind(start[i], values.emplace_back(random_tensor<double>({1, states[i].shape[0]}, ++seed)));
  plan.bind(x, values.emplace_back(random_tensor<double>({1, small_inputs}, ++seed)));
  plan.run();
  double most = 0;
  for (const double g : plan.value(gradient)) most = std::max(most, std::abs(g));
  return most;
}

}  // namespace

TEST_CASE(
    "[zoo] a truncated gradient flows back through cells alone, the full one through outputs and gates too") {
  for (const std::string cell : {"lstm_1997", "lstm_1997_blocks"}) {
    CAPTURE(cell);
    CHECK(reaches_back(cell, "c") > 1e-3);
    CHECK(reaches_back(cell, "h") > 1e-3);
    CHECK(reaches_back(cell + "_truncated", "c") > 1e-3);
    CHECK(reaches_back(cell + "_truncated", "h") == 0);
  }
  CHECK(reaches_back("lstm_1997_blocks", "y_in") > 1e-3);
  CHECK(reaches_back("lstm_1997_blocks_truncated", "y_in") == 0);
}
