#include "tests/models/oracles/gates.hpp"

#include <string>

namespace unroll {

std::vector<ParameterSpec> gate_parameters(std::initializer_list<std::string_view> gates,
                                           std::int64_t input_size, std::int64_t hidden_size) {
  std::vector<ParameterSpec> specs;
  for (const std::string_view k : gates)
    specs.push_back({"W_" + std::string(k), {hidden_size, input_size}, Role::input_matrix});
  for (const std::string_view k : gates)
    specs.push_back({"U_" + std::string(k), {hidden_size, hidden_size}, Role::recurrent_matrix});
  for (const std::string_view k : gates) specs.push_back({"b_" + std::string(k), {hidden_size}, Role::bias});
  return specs;
}

Var gate(const Parameters& p, std::string_view k, Var x, Var h) {
  const std::string name(k);
  return linear(x, p["W_" + name]) + linear(h, p["U_" + name]) + p["b_" + name];
}

}  // namespace unroll
