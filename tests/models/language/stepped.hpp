#pragma once

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "framework/plan/plan.hpp"
#include "models/language/equation_cell.hpp"
#include "tests/support/random_tensor.hpp"

namespace unroll::test {

inline std::shared_ptr<const CellDefinition> defined(const std::string& body) {
  return define_cell("test", "cell test\n" + body);
}

/// A step of a cell with the given body, hidden 3 and input 2, from random values, in double.
struct Stepped {
  explicit Stepped(const std::string& body, std::map<std::string, double> constants = {},
                   const std::string& activation = "tanh")
      : cell(defined(body), {2, 3, activation, std::move(constants)}),
        specs(cell.parameters()),
        p(tape, specs) {
    x = tape.input("x", {sizes::B, 2});
    if (cell.noise_size() > 0) noise = tape.input("noise", {sizes::B, 3});
    for (const StateSpec& s : cell.states()) state.push_back(tape.input(s.name, s.dims(sizes::B)));
    const CellStep step = cell.step(p, {x, state, noise});
    std::vector<Var> outputs = step.state;
    for (const auto& [name, v] : step.values) outputs.push_back(v);
    Plan<double> plan(tape, outputs);
    std::uint64_t seed = 0;
    for (const ParameterSpec& spec : specs) given[spec.name] = random_tensor<double>(spec.shape, ++seed);
    given["x"] = random_tensor<double>({rows, 2}, 50);
    for (const StateSpec& s : cell.states())
      given[s.name] = s.counts ? Tensor<double>(Shape{rows, 1}, {0.0, 1.0, 2.0, 5.0})
                               : random_tensor<double>(s.batch_shape(rows), ++seed);
    for (const ParameterSpec& spec : specs) plan.bind(p[spec.name], given[spec.name]);
    plan.bind(x, given["x"]);
    given["noise"] = random_tensor<double>({rows, 3}, 51);
    if (noise.valid()) plan.bind(noise, given["noise"]);
    for (std::size_t i = 0; i < state.size(); ++i) plan.bind(state[i], given[cell.states()[i].name]);
    plan.run();
    for (std::size_t i = 0; i < step.state.size(); ++i)
      result[cell.states()[i].name + "'"] = plan.tensor(step.state[i]);
    for (const auto& [name, v] : step.values) result[name] = plan.tensor(v);
  }

  /// Element i of row r of a vector.
  double at(const std::string& name, std::int64_t r, std::int64_t i) const {
    const Tensor<double>& t = given.contains(name) ? given.at(name) : result.at(name);
    return t.shape().rank() == 1 ? t[i] : t[r * t.shape()[1] + i];
  }
  /// Element (i, j) of row r of a matrix.
  double at(const std::string& name, std::int64_t r, std::int64_t i, std::int64_t j) const {
    const Tensor<double>& t = given.contains(name) ? given.at(name) : result.at(name);
    const std::size_t axis = t.shape().rank() - 2;
    const std::int64_t columns = t.shape()[axis + 1];
    return t[(axis == 0 ? 0 : r * t.shape()[1] * columns) + i * columns + j];
  }
  /// Element i of M v for row r.
  double product(const std::string& matrix, const std::string& vector, std::int64_t r, std::int64_t i) const {
    const Tensor<double>& m = given.at(matrix);
    double sum = 0;
    for (std::int64_t j = 0; j < m.shape()[1]; ++j) sum += m[i * m.shape()[1] + j] * at(vector, r, j);
    return sum;
  }

  /// CHECKs element by element of a vector of 3.
  template <class F>
  void check(const std::string& name, F expected) const {
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t i = 0; i < 3; ++i)
        CHECK(at(name, r, i) == doctest::Approx(expected(r, i)).epsilon(1e-12));
  }

  static constexpr std::int64_t rows = 4;
  Tape tape;
  EquationCell cell;
  std::vector<ParameterSpec> specs;
  Parameters p;
  Var x, noise;
  std::vector<Var> state;
  std::map<std::string, Tensor<double>> given, result;
};

inline std::string error_of(const std::string& body, const CellOptions& options = {2, 3}) {
  try {
    const EquationCell cell(defined(body), options);
    return "no error";
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

}  // namespace unroll::test
