#include "tests/models/oracles/lstm.hpp"

#include "tests/models/oracles/gates.hpp"

namespace unroll {

Lstm::Lstm(const CellOptions& options)
    : input_size_(options.input_size),
      hidden_size_(options.hidden_size),
      phi_(activation(options.activation)) {}

std::vector<ParameterSpec> Lstm::parameters() const {
  return gate_parameters({"i", "f", "g", "o"}, input_size_, hidden_size_);
}

std::vector<StateSpec> Lstm::states() const { return {{"h", {hidden_size_}}, {"c", {hidden_size_}}}; }

CellStep Lstm::step(const Parameters& p, const StepInputs& in) const {
  const Var h = in.state[0], c = in.state[1];
  const Var i = sigmoid(gate(p, "i", in.x, h));
  const Var f = sigmoid(gate(p, "f", in.x, h));
  const Var g = phi_(gate(p, "g", in.x, h));
  const Var o = sigmoid(gate(p, "o", in.x, h));
  const Var next = f * c + i * g;
  return {{o * phi_(next), next}};
}

}  // namespace unroll
