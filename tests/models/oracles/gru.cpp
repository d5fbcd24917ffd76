#include "tests/models/oracles/gru.hpp"

#include "tests/models/oracles/gates.hpp"

namespace unroll {

Gru::Gru(const CellOptions& options)
    : input_size_(options.input_size),
      hidden_size_(options.hidden_size),
      phi_(activation(options.activation)) {}

std::vector<ParameterSpec> Gru::parameters() const {
  std::vector<ParameterSpec> specs = gate_parameters({"r", "z", "n"}, input_size_, hidden_size_);
  specs.push_back({"c_n", {hidden_size_}, Role::bias});
  return specs;
}

std::vector<StateSpec> Gru::states() const { return {{"h", {hidden_size_}}}; }

CellStep Gru::step(const Parameters& p, const StepInputs& in) const {
  const Var h = in.state[0];
  const Var r = sigmoid(gate(p, "r", in.x, h));
  const Var z = sigmoid(gate(p, "z", in.x, h));
  const Var n = phi_(linear(in.x, p["W_n"]) + p["b_n"] + r * (linear(h, p["U_n"]) + p["c_n"]));
  return {{(1 - z) * n + z * h}};
}

GruV1::GruV1(const CellOptions& options)
    : input_size_(options.input_size),
      hidden_size_(options.hidden_size),
      phi_(activation(options.activation)) {}

std::vector<ParameterSpec> GruV1::parameters() const {
  return gate_parameters({"r", "z", "n"}, input_size_, hidden_size_);
}

std::vector<StateSpec> GruV1::states() const { return {{"h", {hidden_size_}}}; }

CellStep GruV1::step(const Parameters& p, const StepInputs& in) const {
  const Var h = in.state[0];
  const Var r = sigmoid(gate(p, "r", in.x, h));
  const Var z = sigmoid(gate(p, "z", in.x, h));
  const Var n = phi_(gate(p, "n", in.x, r * h));
  return {{z * h + (1 - z) * n}};
}

}  // namespace unroll
