#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "models/cell.hpp"

namespace unroll {

struct CellDefinition;  // models/language/definition.hpp

/// One row per cell: what model.cell may be.
struct CellRow {
  std::string name;
  std::string source;  ///< where it was published
  std::function<std::unique_ptr<Cell>(const CellOptions&)> make;
  std::shared_ptr<const CellDefinition> definition = nullptr;  ///< of a cell written as equations
};

using CellList = std::vector<CellRow>;

/// The list of all cells that come with the library: the classes in cell_table.cpp, and every file of
/// models/cells by its name.
const CellList& cell_table();
std::vector<std::string> names_of(const CellList& cells);
/// Null when there is none.
const CellRow* find_cell(const CellList& cells, std::string_view name);

/// Whether what stands where a cell is named is its equations: it has more than one line.
bool is_cell_text(std::string_view cell);

/// The cell of that name, of the file NAME.cell, or of those equations (is_cell_text). Throws
/// std::invalid_argument naming an unknown cell and the known ones, EquationError, and FileError for a file
/// that cannot be read.
std::unique_ptr<Cell> make_cell(const CellList& cells, std::string_view cell, const CellOptions& options);
std::unique_ptr<Cell> make_cell(std::string_view cell, const CellOptions& options);
/// The equations of a name or a text; null for a cell that is a class, or of no name in the list.
std::shared_ptr<const CellDefinition> cell_definition(const CellList& cells, std::string_view cell);
std::shared_ptr<const CellDefinition> cell_definition(std::string_view cell);

}  // namespace unroll
