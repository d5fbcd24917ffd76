#include "experiments/bench/rivals/minimal_gated_unit.hpp"

#include "framework/autodiff/ops.hpp"

namespace unroll {

MinimalGatedUnit::MinimalGatedUnit(const CellOptions& options)
    : input_size_(options.input_size), hidden_size_(options.hidden_size) {}

std::vector<ParameterSpec> MinimalGatedUnit::parameters() const {
  const Shape input = {hidden_size_, input_size_}, recurrent = {hidden_size_, hidden_size_};
  return {{"W_f", input, Role::input_matrix},         {"U_f", recurrent, Role::recurrent_matrix},
          {"b_f", {hidden_size_}, Role::bias},        {"W_g", input, Role::input_matrix},
          {"U_g", recurrent, Role::recurrent_matrix}, {"b_g", {hidden_size_}, Role::bias}};
}

std::vector<StateSpec> MinimalGatedUnit::states() const { return {{"h", {hidden_size_}}}; }

CellStep MinimalGatedUnit::step(const Parameters& p, const StepInputs& in) const {
  const Var h = in.state[0];
  const Var f = sigmoid(linear(in.x, p["W_f"]) + linear(h, p["U_f"]) + p["b_f"]);
  const Var g = tanh(linear(in.x, p["W_g"]) + linear(f * h, p["U_g"]) + p["b_g"]);
  return {{(1.0 - f) * h + f * g}};
}

}  // namespace unroll
