#pragma once

#include <memory>
#include <string_view>

#include "models/cell.hpp"

namespace unroll {

/// A cell of the table with its step written as C++ ops instead of as equations, for "lstm_ops", "gru_ops",
/// "lem_ops", "deltanet_ops", "mlstm_ops", "selective_ssm_ops" or "s4d_ops"; null for any other name. Its
/// parameters and states are those of the equations.
std::unique_ptr<Cell> cell_as_ops(std::string_view name, const CellOptions& options);

}  // namespace unroll
