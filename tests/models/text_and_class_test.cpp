#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>

#include "experiments/bench/rivals/minimal_gated_unit.hpp"
#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/scan.hpp"
#include "framework/plan/plan.hpp"
#include "models/cell_table.hpp"
#include "tests/models/oracles/gru.hpp"
#include "tests/models/oracles/lstm.hpp"
#include "tests/models/oracles/vanilla.hpp"
#include "tests/support/random_tensor.hpp"

using namespace unroll;
using sizes::B;
using sizes::T;

namespace {

using Made = std::unique_ptr<Cell> (*)(const CellOptions&);
template <class C>
std::unique_ptr<Cell> make(const CellOptions& options) {
  return std::make_unique<C>(options);
}

/// A cell of the table, and the same as a class.
const std::map<std::string, Made> classes = {{"vanilla", make<Vanilla>},
                                             {"lstm", make<Lstm>},
                                             {"gru", make<Gru>},
                                             {"gru_v1", make<GruV1>},
                                             {"mgu", make<MinimalGatedUnit>}};

/// Every state's trajectory, and the gradients of a loss of them by every parameter, start and input: in
/// float, by name.
std::map<std::string, Tensor<float>> computed(const Cell& cell, std::int64_t inputs, std::int64_t steps,
                                              std::int64_t rows) {
  Tape tape;
  std::map<std::string, Var> given = {{"x", tape.input("x", {T, B, inputs})}}, wanted;
  std::map<std::string, Tensor<float>> values = {{"x", random_tensor<float>({steps, rows, inputs}, 1)}};
  const Parameters p(tape, cell.parameters());
  std::map<std::string, Shape> shapes;
  for (const ParameterSpec& spec : cell.parameters()) {
    given[spec.name] = p[spec.name];
    shapes[spec.name] = spec.shape;
  }
  std::vector<Var> start;
  for (const StateSpec& state : cell.states()) {
    start.push_back(given[state.name] = tape.input("start of " + state.name, state.dims(B)));
    shapes[state.name] = state.batch_shape(rows);
  }
  std::uint64_t seed = 1;  // by name: the order of declaration differs
  for (const auto& [name, shape] : shapes) values[name] = random_tensor<float>(shape, ++seed, 0.3);

  const auto step = [&](const std::vector<Var>& x, const std::vector<Var>& state) {
    return Step{cell.step(p, {x[0], state}).state};
  };
  const Scanned scanned = scan(step, {given["x"]}, start);
  Var loss = tape.zeros({});
  for (std::size_t i = 0; i < start.size(); ++i) {
    wanted["states of " + cell.states()[i].name] = scanned.state_trajectory[i];
    loss = loss + sum(sin(scanned.state_trajectory[i]));
  }
  for (const auto& [name, var] : given) wanted["gradient of " + name] = gradients(loss, {var})[0];

  std::vector<Var> outputs;
  for (const auto& [name, var] : wanted) outputs.push_back(var);
  Plan<float> plan(tape, outputs);
  for (const auto& [name, var] : given) plan.bind(var, values.at(name));
  plan.run();
  std::map<std::string, Tensor<float>> result;
  for (const auto& [name, var] : wanted) result.emplace(name, plan.tensor(var));
  return result;
}

}  // namespace

TEST_CASE("[zoo] a cell as text computes bit by bit what it computes as a class, outputs and gradients") {
  for (const auto& [name, as_class] : classes)
    for (const std::string activation : {"tanh", "relu"}) {
      if (name == "mgu" && activation != "tanh") continue;  // the class has no other
      for (const std::int64_t hidden : {7, 32}) {
        const CellOptions options{2, hidden, activation};
        const auto text = computed(*make_cell(name, options), 2, 9, 20);
        const auto classed = computed(*as_class(options), 2, 9, 20);
        REQUIRE(text.size() == classed.size());
        for (const auto& [what, value] : classed) {
          INFO(name, " ", activation, " ", hidden, " ", what);
          CHECK(value.same_bits(text.at(what)));
        }
      }
    }
}

TEST_CASE("[zoo] and another order of the same sum, another cell, is noticed") {
  const CellOptions options{2, 32, "tanh"};
  const auto classed = computed(Vanilla(options), 2, 9, 20);
  const auto other =
      computed(*make_cell("cell other\nstate h\nh' = act(b_h + W_hh h + W_xh x)\n", options), 2, 9, 20);
  CHECK_FALSE(classed.at("states of h").same_bits(other.at("states of h")));
}
