#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "experiments/config/cell_text.hpp"
#include "models/cell.hpp"

namespace unroll {

/// How long a forward and backward pass takes per step, beside the products of the cell's equations alone
/// (where it has equations) and beside the vanilla cell at the same sizes: a row each, interleaved, medians
/// of CPU time. `cell` must be one.
std::vector<nlohmann::ordered_json> bench_cell(const CellText& cell, const CellOptions& options,
                                               std::int64_t steps, std::int64_t rows);

}  // namespace unroll
