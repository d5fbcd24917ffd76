#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "framework/autodiff/ops.hpp"

namespace unroll {

/// A pointwise function f of a cell.
using Activation = Var (*)(Var);

/// The names that model.activation may have: tanh, relu, sigmoid, identity.
std::vector<std::string> activation_names();

/// Throws std::invalid_argument naming the unknown function and the known ones.
Activation activation(std::string_view name);

}  // namespace unroll
