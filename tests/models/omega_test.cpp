#include "models/omega.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <vector>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/plan/gradcheck.hpp"
#include "framework/plan/plan.hpp"
#include "models/cell_table.hpp"
#include "models/language/definition.hpp"

// Pascanu's regulariser at one step, of cells as they stand in the zoo.

using namespace unroll;

namespace {

constexpr std::int64_t omega_rows = 3, omega_inputs = 2, omega_hidden = 4;

/// A step of a cell, with everything that Omega holds as an input.
struct OneStep {
  OneStep(const std::string& name, OmegaPath path)
      : cell(make_cell(cell_table(), name, {omega_inputs, omega_hidden, "tanh", {}})),
        specs(cell->parameters()),
        p(tape, specs),
        x(tape.input("x", {omega_rows, omega_inputs})) {
    for (const StateSpec& spec : cell->states()) {
      before.push_back(tape.input(spec.name, spec.dims(omega_rows)));
      e.push_back(tape.input("e of " + spec.name, spec.dims(omega_rows)));
    }
    StepInputs in{.x = x, .state = before};
    given = before;
    given.insert(given.end(), e.begin(), e.end());
    given.push_back(x);
    if (cell->noise_size() > 0)
      given.push_back(in.noise = tape.input("noise", {omega_rows, cell->noise_size()}));
    after = cell->step(p, in).state;
    terms = omega_of_step({.given = given, .before = before, .after = after, .e = e}, path);
    omega = sum(terms.term);
  }

  /// Numbers from the cell's own starts, moved a little, so that every cell is where it works.
  void bind() {
    Stream stream(3, Purpose::check);
    std::vector<Var> all = p.all();
    all.insert(all.end(), given.begin(), given.end());
    for (const Var& v : all) {
      Tensor<double>& value = values[v] = Tensor<double>(resolve(v.dims(), {}));
      for (double& element : value.span()) element = 0.5 * stream.normal();
    }
  }

  std::unique_ptr<Cell> cell;
  std::vector<ParameterSpec> specs;
  Tape tape;
  Parameters p;
  Var x;
  std::vector<Var> before, e, after, given;
  OmegaTerms terms;
  Var omega;
  std::map<Var, Tensor<double>> values;
};

std::map<std::string, std::vector<double>> gradient_of(OneStep& step) {
  const std::vector<Var> g = gradients(step.omega, step.p.all());
  Plan<double> plan(step.tape, g);
  for (const auto& [input, value] : step.values) plan.bind(input, value);
  plan.run();
  std::map<std::string, std::vector<double>> by_name;
  for (std::size_t i = 0; i < g.size(); ++i) {
    const auto values = plan.value(g[i]);
    by_name[step.specs[i].name].assign(values.begin(), values.end());
  }
  return by_name;
}

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

/// Of one sequence of an LSTM: what goes back through each gate's sum, and v = e J, by loops over numbers.
struct LstmRow {
  std::map<std::string, std::vector<double>> delta;
  std::vector<double> v_h = std::vector<double>(omega_hidden), v_c = std::vector<double>(omega_hidden);
  double e_square = 0, ratio = 0;
};

LstmRow lstm_row(OneStep& step, std::int64_t b) {
  const auto at = [&](const std::string& name) -> const Tensor<double>& {
    return step.values.at(step.p[name]);
  };
  std::map<std::string, std::vector<double>> gate;
  for (const std::string name : {"i", "f", "g", "o"})
    for (std::int64_t k = 0; k < omega_hidden; ++k) {
      double a = at("b_" + name)[k];
      for (std::int64_t j = 0; j < omega_inputs; ++j)
        a += at("W_" + name)[k * omega_inputs + j] * step.values.at(step.x)[b * omega_inputs + j];
      for (std::int64_t j = 0; j < omega_hidden; ++j)
        a += at("U_" + name)[k * omega_hidden + j] * step.values.at(step.before[0])[b * omega_hidden + j];
      gate[name].push_back(name == "g" ? std::tanh(a) : sigmoid_of(a));
    }
  LstmRow row;
  for (std::int64_t k = 0; k < omega_hidden; ++k) {
    const auto u = static_cast<std::size_t>(k);
    const double i = gate["i"][u], f = gate["f"][u], g = gate["g"][u], o = gate["o"][u];
    const double c = step.values.at(step.before[1])[b * omega_hidden + k];
    const double e_h = step.values.at(step.e[0])[b * omega_hidden + k],
                 e_c = step.values.at(step.e[1])[b * omega_hidden + k];
    const double squashed = std::tanh(f * c + i * g);
    const double d = e_c + e_h * o * (1 - squashed * squashed);
    row.delta["i"].push_back(d * g * i * (1 - i));
    row.delta["f"].push_back(d * c * f * (1 - f));
    row.delta["g"].push_back(d * i * (1 - g * g));
    row.delta["o"].push_back(e_h * squashed * o * (1 - o));
    row.v_c[u] = d * f;
    row.e_square += e_h * e_h + e_c * e_c;
  }
  double v_square = 0;
  for (std::int64_t j = 0; j < omega_hidden; ++j) {
    const auto u = static_cast<std::size_t>(j);
    for (const auto& [name, delta] : row.delta)
      for (std::int64_t k = 0; k < omega_hidden; ++k)
        row.v_h[u] += at("U_" + name)[k * omega_hidden + j] * delta[static_cast<std::size_t>(k)];
    v_square += row.v_h[u] * row.v_h[u] + row.v_c[u] * row.v_c[u];
  }
  row.ratio = v_square / row.e_square;
  return row;
}

}  // namespace

TEST_CASE("[omega] through the step: the gradient is that of Omega, for every cell of the zoo") {
  std::set<std::string> checked;
  for (const CellRow& cell : cell_table()) {
    OneStep step(cell.name, OmegaPath::step);
    if (cell.definition->declares_gradients()) continue;  // not that of its equations
    step.bind();
    const GradcheckReport report = gradcheck(step.omega, step.p.all(), {.real = step.values, .index = {}},
                                             {.tolerance = 1e-5, .jacobian_elements = 0, .projections = 2});
    CHECK_MESSAGE(report.ok(), cell.name, "\n", report.to_text());
    checked.insert(cell.name);
  }
  CHECK(checked.size() > 40);
}

TEST_CASE("[omega] through weights: of an LSTM it agrees with a loop over numbers") {
  OneStep step("lstm", OmegaPath::weights);
  step.bind();
  std::map<std::string, std::vector<double>> expected;
  double omega = 0;
  for (std::int64_t b = 0; b < omega_rows; ++b) {
    const LstmRow row = lstm_row(step, b);
    omega += (row.ratio - 1) * (row.ratio - 1);
    for (const auto& [name, delta] : row.delta) {
      std::vector<double>& g = expected["U_" + name];
      g.resize(omega_hidden * omega_hidden);
      for (std::size_t k = 0; k < omega_hidden; ++k)
        for (std::size_t j = 0; j < omega_hidden; ++j)
          g[k * omega_hidden + j] += 4 * (row.ratio - 1) / row.e_square * delta[k] * row.v_h[j];
    }
  }
  for (const auto& [name, found] : gradient_of(step)) {
    CAPTURE(name);
    const bool recurrent = name.starts_with("U_");
    for (std::size_t i = 0; i < found.size(); ++i)
      CHECK(std::abs(found[i] - (recurrent ? expected.at(name).at(i) : 0)) < 1e-10);
  }
  Plan<double> plan(step.tape, {step.omega});
  for (const auto& [input, value] : step.values) plan.bind(input, value);
  plan.run();
  CHECK(plan.value(step.omega)[0] == doctest::Approx(omega).epsilon(1e-12));
}

TEST_CASE("[omega] through weights it is not the gradient of Omega where slopes depend on them") {
  OneStep step("lstm", OmegaPath::weights);
  step.bind();
  const GradcheckReport report =
      gradcheck(step.omega, step.p.all(), {.real = step.values, .index = {}}, {.jacobian_elements = 0});
  CHECK_FALSE(report.ok());
}

TEST_CASE("[omega] a step that keeps lengths has none, and one without a gradient does not count") {
  Tape tape;
  const Var h = tape.input("h", {2, 3}), e = tape.input("e", {2, 3}), x = tape.input("x", {2, 3});
  const std::vector<Var> before = {h}, rotated = {concat({slice(h, 1, 1, 2), slice(h, 1, 0, 1)}, 1) + x};
  const std::vector<Var> doubled = {2.0 * h}, given = {h, e, x};
  const OmegaTerms kept = omega_of_step({given, before, rotated, {e}}, OmegaPath::step);
  const OmegaTerms grown = omega_of_step({given, before, doubled, {e}}, OmegaPath::step);
  Plan<double> plan(tape, {kept.term, grown.term, grown.counted});
  const Tensor<double> state(Shape{2, 3}, 1), of_loss(Shape{2, 3}, {1, 2, 3, 0, 1e-11, 0});
  plan.bind(h, state);
  plan.bind(x, state);
  plan.bind(e, of_loss);
  plan.run();
  CHECK(plan.value(kept.term)[0] == 0);
  CHECK(plan.value(grown.term)[0] == 9);  // (4 - 1)^2
  CHECK(plan.value(grown.term)[1] == 0);  // |e|^2 is 1e-22
  CHECK(plan.value(grown.counted)[0] == 1);
  CHECK(plan.value(grown.counted)[1] == 0);
}

TEST_CASE("[omega] paths have names") {
  for (const std::string& name : omega_path_names()) CHECK_NOTHROW(omega_path(name));
  CHECK(omega_path("weights") == OmegaPath::weights);
  CHECK_THROWS_WITH_AS(omega_path("all"), "unknown path of Omega 'all'; known are weights, step",
                       std::invalid_argument);
}
