#pragma once

#include <cstdint>
#include <string>

#include "models/cell.hpp"

namespace unroll {

/// A cell's loss Σ h_T² and its gradients as the planner reads them, and behind each of its passes the lines
/// that went (-) and came (+); passes that change nothing are left out.
std::string cell_passes(const Cell& cell, std::int64_t input_size);

}  // namespace unroll
