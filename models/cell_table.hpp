#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "models/cell.hpp"

namespace unroll {

/// One row per cell: what model.cell may be.
struct CellRow {
  std::string_view name;
  std::string_view summary;
  std::string_view source;
  std::unique_ptr<Cell> (*make)(const CellOptions&);
};

/// The list of all cells.
std::span<const CellRow> cell_table();
std::vector<std::string> cell_names();

/// Throws std::invalid_argument naming the unknown cell and the known ones.
std::unique_ptr<Cell> make_cell(std::string_view name, const CellOptions& options);

}  // namespace unroll
