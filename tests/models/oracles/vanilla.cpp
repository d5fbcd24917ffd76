#include "tests/models/oracles/vanilla.hpp"

namespace unroll {

Vanilla::Vanilla(const CellOptions& options)
    : input_size_(options.input_size),
      hidden_size_(options.hidden_size),
      f_(activation(options.activation)) {}

std::vector<ParameterSpec> Vanilla::parameters() const {
  return {{"W_xh", {hidden_size_, input_size_}, Role::input_matrix},
          {"W_hh", {hidden_size_, hidden_size_}, Role::recurrent_matrix},
          {"b_h", {hidden_size_}, Role::bias}};
}

std::vector<StateSpec> Vanilla::states() const { return {{"h", {hidden_size_}}}; }

CellStep Vanilla::step(const Parameters& p, const StepInputs& in) const {
  const Var h = in.state[0];
  return {{f_(linear(in.x, p["W_xh"]) + linear(h, p["W_hh"]) + p["b_h"])}};
}

}  // namespace unroll
