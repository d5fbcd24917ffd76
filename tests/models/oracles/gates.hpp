#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "framework/autodiff/ops.hpp"
#include "models/parameter.hpp"

namespace unroll {

// What gated cells have in common: for every gate k the parameters W_k (hidden, input), U_k (hidden, hidden)
// and b_k (hidden).

/// The parameters of all `gates`, by kind: W of each gate, then U of each, then b of each.
std::vector<ParameterSpec> gate_parameters(std::initializer_list<std::string_view> gates,
                                           std::int64_t input_size, std::int64_t hidden_size);

/// W_k x + U_k h + b_k.
Var gate(const Parameters& p, std::string_view k, Var x, Var h);

}  // namespace unroll
