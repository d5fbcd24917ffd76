#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/scan.hpp"
#include "framework/plan/plan.hpp"
#include "models/cell_table.hpp"
#include "models/language/equation_cell.hpp"
#include "tests/models/oracles/loops.hpp"
#include "tests/support/random_tensor.hpp"

using namespace unroll;
using sizes::B;
using sizes::T;

namespace {

constexpr std::int64_t zoo_inputs = 3, zoo_hidden = 5, zoo_steps = 4, zoo_rows = 2;

/// Cells whose values by PyTorch are in tests/data; recurrent_oracle_test.cpp compares them.
const std::set<std::string> by_pytorch = {"vanilla", "lstm", "gru", "gru_v1"};

/// A cell over time on a tape, with random values for all that it is given.
struct Unrolled {
  Tape tape;
  Var x = tape.input("x", {T, B, zoo_inputs}), noise = tape.input("noise", {T, B, zoo_hidden});
  std::vector<ParameterSpec> specs;
  std::vector<StateSpec> states;
  Parameters parameters;
  std::vector<Var> initial;
  Scanned scanned;
  std::map<std::string, Tensor<double>> values, starts;
  Tensor<double> batch = random_tensor<double>({zoo_steps, zoo_rows, zoo_inputs}, 50);
  Tensor<double> drawn = random_tensor<double>({zoo_steps, zoo_rows, zoo_hidden}, 51);
  bool noisy;

  explicit Unrolled(const Cell& cell)
      : specs(cell.parameters()),
        states(cell.states()),
        parameters(tape, specs),
        noisy(cell.noise_size() > 0) {
    for (const StateSpec& state : states) initial.push_back(tape.input("start " + state.name, state.dims(B)));
    const auto step = [&](const std::vector<Var>& at_t, const std::vector<Var>& state) {
      return Step{cell.step(parameters, {at_t[0], state, at_t[1]}).state};
    };
    scanned = scan(step, {x, noise}, initial);
    std::uint64_t seed = 0;
    for (const ParameterSpec& spec : specs)
      values.emplace(spec.name, random_tensor<double>(spec.shape, ++seed, 0.7));
    for (const StateSpec& state : states)
      starts.emplace(state.name, state.counts
                                     ? Tensor<double>(state.batch_shape(zoo_rows))
                                     : random_tensor<double>(state.batch_shape(zoo_rows), ++seed, 0.7));
  }

  /// One output after the other.
  std::vector<double> run(const std::vector<Var>& outputs) const {
    Plan<double> plan(tape, outputs);
    plan.bind(x, batch);
    if (noisy) plan.bind(noise, drawn);
    for (const ParameterSpec& spec : specs) plan.bind(parameters[spec.name], values.at(spec.name));
    for (std::size_t i = 0; i < states.size(); ++i) plan.bind(initial[i], starts.at(states[i].name));
    plan.run();
    std::vector<double> all;
    for (const Var& output : outputs) {
      const auto found = plan.value(output);
      all.insert(all.end(), found.begin(), found.end());
    }
    return all;
  }

  /// The trajectory of every state, (steps, rows, shape...), one state after the other.
  std::vector<double> run() const { return run(scanned.state_trajectory); }

  /// All that a state has a gradient with respect to.
  std::vector<Var> wrt() const {
    std::vector<Var> all = {x};
    for (const ParameterSpec& spec : specs) all.push_back(parameters[spec.name]);
    all.insert(all.end(), initial.begin(), initial.end());
    return all;
  }

  /// A state after the last step and gradients of a loss of it: as the scan gives it, or out of its
  /// trajectory.
  std::vector<double> last(std::size_t k, bool of_trajectory) {
    const Var whole = scanned.state_trajectory[k];
    const Var state =
        of_trajectory ? reshape(slice(whole, 0, -1, 1), states[k].dims(B)) : scanned.final_state[k];
    std::vector<Var> outputs = {state};
    for (const Var& g : gradients(sum(sin(state)), wrt())) outputs.push_back(g);
    return run(outputs);
  }

  /// The same by a loop over numbers.
  std::vector<double> run(const CellLoop& loop) const {
    std::map<std::string, std::vector<double>> found;
    for (const StateSpec& state : states)
      found[state.name].resize(zoo_steps * zoo_rows * state.shape.numel());
    for (std::int64_t row = 0; row < zoo_rows; ++row) {
      LoopState s = start(row);
      for (std::int64_t t = 0; t < zoo_steps; ++t) {
        const double* at = batch.data() + (t * zoo_rows + row) * zoo_inputs;
        const double* numbers = drawn.data() + (t * zoo_rows + row) * zoo_hidden;
        if (noisy) s["noise"] = Vector(numbers, numbers + zoo_hidden);
        loop.step(LoopParameters(values), Vector(at, at + zoo_inputs), s);
        for (const StateSpec& state : states)
          std::ranges::copy(s.at(state.name),
                            found[state.name].begin() + (t * zoo_rows + row) * state.shape.numel());
      }
    }
    std::vector<double> all;
    for (const StateSpec& state : states)
      all.insert(all.end(), found[state.name].begin(), found[state.name].end());
    return all;
  }

 private:
  LoopState start(std::int64_t row) const {
    LoopState s;
    for (const StateSpec& state : states) {
      const double* at = starts.at(state.name).data() + row * state.shape.numel();
      s[state.name] = Vector(at, at + state.shape.numel());
    }
    return s;
  }
};

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return std::numeric_limits<double>::infinity();
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    most = std::max(most, std::abs(a[i] - b[i]) / (1 + std::abs(b[i])));
  return most;
}

CellOptions options_of(const CellLoop& loop) {
  CellOptions options{zoo_inputs, zoo_hidden, "tanh", loop.constants};
  options.constants.insert(loop.whole.begin(), loop.whole.end());
  return options;
}

double error(const std::string& cell, const CellLoop& loop) {
  const Unrolled unrolled(*make_cell(cell, options_of(loop)));
  return distance(unrolled.run(), unrolled.run(loop));
}

/// The cell's text with the right-hand side of one equation made larger by a thousandth.
std::string changed(const CellDefinition& cell, const CellDefinition::Equation& equation) {
  const Span right = equation.value.at;
  std::string text = cell.source.text();
  return text.replace(right.begin, right.end - right.begin,
                      "1.001 * (" + std::string(cell.source.text(right)) + ")");
}

}  // namespace

TEST_CASE("[zoo] every cell of the table has an implementation of its own that it is compared with") {
  std::set<std::string> compared = by_pytorch;
  for (const CellLoop& loop : loops()) CHECK(compared.insert(loop.cell).second);
  const std::vector<std::string> names = names_of(cell_table());
  CHECK(compared == std::set<std::string>(names.begin(), names.end()));
}

TEST_CASE("[zoo] every state of every cell is that of the paper's equations as loops, to 1e-12") {
  for (const CellLoop& loop : loops()) {
    INFO(loop.cell);
    CHECK(error(loop.cell, loop) < 1e-12);
  }
}

TEST_CASE("[zoo] what every state is after the last step, and its gradients, are the trajectory's") {
  int behind = 0;
  for (const CellLoop& loop : loops()) {
    INFO(loop.cell);
    Unrolled unrolled(*make_cell(loop.cell, options_of(loop)));
    for (std::size_t k = 0; k < unrolled.states.size(); ++k) {
      CHECK(distance(unrolled.last(k, false), unrolled.last(k, true)) < 1e-12);
      behind += unrolled.tape.producer(unrolled.scanned.final_state[k].id()).op != &scan_op;
    }
  }
  CHECK(behind >= 9);  // S4D, DeltaNet and others, whose outputs no step reads
}

TEST_CASE("[zoo] a change of any equation of any cell by a thousandth is noticed") {
  for (const CellLoop& loop : loops()) {
    const auto cell = cell_definition(loop.cell);
    for (const CellDefinition::Equation& equation : cell->equations) {
      const std::string text = changed(*cell, equation);
      INFO(text);
      CHECK(error(text, loop) > 1e-7);
    }
  }
}

TEST_CASE("[zoo] so is a change of any constant that is not only for the start") {
  for (const CellLoop& loop : loops())
    for (const auto& [name, value] : loop.constants) {
      CellLoop other = loop;
      other.constants[name] = value * 1.001;
      INFO(loop.cell, " ", name);
      CHECK(error(loop.cell, other) > 1e-8);
    }
}

TEST_CASE("[zoo] what is said of an equation is the whole of it") {
  for (const CellRow& row : cell_table())
    for (const CellDefinition::Equation& equation : row.definition->equations) {
      const std::string text = row.definition->text(equation);
      INFO(row.name, ": ", text);
      CHECK(std::ranges::count(text, '(') == std::ranges::count(text, ')'));
      CHECK(row.definition->source.text().find(text + "\n") != std::string::npos);
    }
}

TEST_CASE("[zoo] every cell says where it was published, and its file has its name") {
  for (const CellRow& row : cell_table()) {
    INFO(row.name);
    CHECK(row.source.find_first_of("0123456789") != std::string::npos);
    CHECK(row.definition->source.name() == "models/cells/" + row.name + ".cell");
  }
}
