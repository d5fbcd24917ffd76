#include "recurrent_additive_network.hpp"

using namespace unroll;

std::vector<ParameterSpec> RecurrentAdditiveNetwork::parameters() const {
  const InitialiserOptions orthogonal = {.name = "orthogonal"};
  return {{"W_i", {hidden_, inputs_}, Role::input_matrix},
          {"W_f", {hidden_, inputs_}, Role::input_matrix},
          {"W_c", {hidden_, inputs_}, Role::input_matrix},
          {"U_i", {hidden_, hidden_}, Role::recurrent_matrix, orthogonal},
          {"U_f", {hidden_, hidden_}, Role::recurrent_matrix, orthogonal},
          {"b_i", {hidden_}, Role::bias},
          {"b_f", {hidden_}, Role::bias}};
}

std::vector<StateSpec> RecurrentAdditiveNetwork::states() const {
  return {{"h", {hidden_}}, {"c", {hidden_}}};
}

CellStep RecurrentAdditiveNetwork::step(const Parameters& p, const StepInputs& in) const {
  const Var h = in.state[0], c = in.state[1];
  const Var i = sigmoid(linear(in.x, p["W_i"]) + linear(h, p["U_i"]) + p["b_i"]);
  const Var f = sigmoid(linear(in.x, p["W_f"]) + linear(h, p["U_f"]) + p["b_f"]);
  const Var next = i * linear(in.x, p["W_c"]) + f * c;
  return {{tanh(next), next}, {{"i", i}, {"f", f}}};
}
