#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "experiments/train/make_model.hpp"
#include "framework/plan/plan.hpp"
#include "models/cell_check.hpp"
#include "models/cell_table.hpp"
#include "tests/experiments/train/training.hpp"
#include "tests/models/oracles/loops.hpp"
#include "tests/support/random_tensor.hpp"

using namespace unroll;

namespace {

std::unique_ptr<Cell> cell_of(const std::string& file, std::int64_t inputs, std::int64_t hidden,
                              const std::map<std::string, double>& constants = {}) {
  return make_cell(std::string(UNROLL_SOURCE_DIR) + "/experiments/studies/" + file,
                   {inputs, hidden, "tanh", constants});
}

/// One sequence over some steps, and the same by a loop: the largest difference of any state.
double distance(const Cell& cell, std::int64_t inputs,
                void (*loop)(const LoopParameters&, const Vector&, LoopState&)) {
  constexpr std::int64_t steps = 6;
  Tape tape;
  const std::vector<ParameterSpec> specs = cell.parameters();
  const Parameters p(tape, specs);
  std::vector<Var> x, state, all;
  for (const StateSpec& spec : cell.states()) {
    Dims dims = {1};
    for (const std::int64_t n : spec.shape) dims.push_back(n);
    state.push_back(broadcast_to(tape.fill(spec.start, {}), dims));
  }
  LoopState s;
  for (const StateSpec& spec : cell.states())
    s[spec.name] = Vector(static_cast<std::size_t>(spec.shape.numel()), spec.start);
  for (std::int64_t t = 0; t < steps; ++t) {
    x.push_back(tape.input("x" + std::to_string(t), {1, inputs}));
    state = cell.step(p, {x.back(), state}).state;
    all.insert(all.end(), state.begin(), state.end());
  }
  Plan<double> plan(tape, all);
  std::map<std::string, Tensor<double>> values;
  std::uint64_t seed = 0;
  for (const ParameterSpec& spec : specs)
    values.emplace(spec.name, random_tensor<double>(spec.shape, ++seed, 0.7));
  for (const ParameterSpec& spec : specs) plan.bind(p[spec.name], values.at(spec.name));
  std::vector<Tensor<double>> read;
  for (std::int64_t t = 0; t < steps; ++t) read.push_back(random_tensor<double>({1, inputs}, ++seed));
  for (std::size_t t = 0; t < read.size(); ++t) plan.bind(x[t], read[t]);
  plan.run();
  double most = 0;
  auto found = all.begin();
  for (const Tensor<double>& x_t : read) {
    loop(LoopParameters(values), Vector(x_t.span().begin(), x_t.span().end()), s);
    for (const StateSpec& spec : cell.states()) {
      const auto is = plan.value(*found++);
      for (std::size_t i = 0; i < is.size(); ++i) most = std::max(most, std::abs(is[i] - s.at(spec.name)[i]));
    }
  }
  return most;
}

void latch(const LoopParameters& p, const Vector& x, LoopState& s) {
  const Vector shown = p.times("U", Vector(x.begin(), x.end() - 1));
  s["y"][0] = std::tanh(p.vector("w")[0] * s["y"][0] + shown[0] + x.back());
}

void set_outputs(const Vector& units, const Vector& x, LoopState& s) {
  s["y"] = units;
  s["y"].insert(s["y"].end(), x.begin(), x.end());
}

void one_unit(const LoopParameters& p, const Vector& x, LoopState& s) {
  s["h"][0] = logistic(p.affine({{"W", x}, {"U", s["h"]}}, "b")[0]);
  set_outputs(s["h"], x, s);
}

void cell_and_input_gate(const LoopParameters& p, const Vector& x, LoopState& s) {
  const Vector before = s["c"];
  s["c"][0] += logistic(p.affine({{"W_in", x}, {"U_in", before}}, "b_in")[0]) *
               logistic(p.affine({{"W_c", x}, {"U_c", before}}, "b_c")[0]);
  set_outputs(s["c"], x, s);
}

void forced(const LoopParameters& p, const Vector& x, LoopState& s) {
  constexpr double alpha = 0.3;
  Vector& z = s["z"];
  const bool first = s["step.count"][0]++ == 0;
  Vector f = z;
  for (std::size_t i = 0; i < z.size(); ++i) f[i] = first ? x[i] : (1 - alpha) * z[i] + alpha * x[i];
  Vector bounded = p.times("W_2", f);
  const Vector h_2 = p.vector("h_2"), A = p.vector("A"), h_1 = p.vector("h_1");
  for (std::size_t l = 0; l < bounded.size(); ++l)
    bounded[l] = std::max(0.0, bounded[l] + h_2[l]) - std::max(0.0, bounded[l]);
  const Vector moved = p.times("W_1", bounded);
  for (std::size_t i = 0; i < z.size(); ++i) z[i] = A[i] * f[i] + moved[i] + h_1[i];
}

}  // namespace

TEST_CASE("[studies] a forced PLRNN is drawn towards what it reads, and its own answers leave it as it is") {
  CHECK(distance(*cell_of("chaos/shallow_plrnn_forced.cell", 3, 3, {{"L", 5}, {"alpha", 0.3}}), 3, forced) <
        1e-12);
}

TEST_CASE("[studies] a latch is tanh(w y + what is shown + noise), w from w_0, and its output is itself") {
  const auto cell = cell_of("latching/latch.cell", 7, 1, {{"w_0", 0.8}});
  CHECK(distance(*cell, 7, latch) < 1e-12);
  CHECK(cell->parameters().size() == 2);  // U and w
  Config config = laboratory().default_config();
  config.model.cell = {std::string(UNROLL_SOURCE_DIR) + "/experiments/studies/latching/latch.cell"};
  config.model.hidden = 1;
  config.model.readout = "state";
  config.model.constants = {{"w_0", 0.8}};
  const SequenceModel model = make_model(cell_table(), config, {7, 1, Readout::last, false});
  const std::vector<Tensor<float>> start = initial_parameters(config, model);
  REQUIRE(model.parameters().size() == 2);  // U and w: no readout's
  for (std::size_t i = 0; i < start.size(); ++i)
    if (model.parameters()[i].name == "w") CHECK(start[i][0] == 0.8f);
}

TEST_CASE("[studies] the nets of experiment 2a are their equations, and outputs see the inputs") {
  CHECK(distance(*cell_of("lstm-1997/one_unit.cell", 5, 1), 5, one_unit) < 1e-12);
  CHECK(distance(*cell_of("lstm-1997/cell_and_input_gate.cell", 5, 1), 5, cell_and_input_gate) < 1e-12);
}

TEST_CASE("[studies] memory blocks have as many weights as the paper's experiments 1, 4 and 6a") {
  const auto weights = [](std::int64_t inputs, std::int64_t cells, double blocks, std::int64_t outputs,
                          bool biases) {
    const auto cell = make_cell("lstm_1997_blocks", {inputs, cells, "tanh", {{"blocks", blocks}}});
    std::int64_t count = outputs * (cells + biases);
    for (const ParameterSpec& spec : cell->parameters())
      if (biases || spec.name != "b_c") count += spec.shape.numel();
    return count;
  };
  CHECK(weights(2, 4, 2, 1, true) == 93);
  CHECK(weights(8, 4, 2, 4, true) == 156);
  // Of experiment 1 gates alone have biases.
  CHECK(weights(7, 4, 4, 7, false) == 264);
  CHECK(weights(7, 6, 3, 7, false) == 276);
}
