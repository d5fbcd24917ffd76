#pragma once

#include <compare>
#include <filesystem>
#include <string>
#include <string_view>

#include "models/cell_table.hpp"

namespace unroll {

/// What model.cell holds: the name of a built-in cell, or the equations of one's own. A path in a config is
/// replaced by what the file says, and by the numbers of the files that its equations name, so that a trial
/// does not change when a file does.
struct CellText {
  std::string text;

  CellText() = default;
  CellText(std::string given) : text(std::move(given)) {}  // NOLINT: a name is a cell
  CellText(const char* given) : text(given) {}             // NOLINT
  operator std::string_view() const { return text; }       // NOLINT
  auto operator<=>(const CellText&) const = default;
};

/// A name, equations (they have several lines), or the path of a `.cell` file, against `folder` or the
/// current one. A file that cannot be found stays a path, to which objection_to() objects. Throws
/// ConfigError, with line and column, for a file that holds no cell, and for what is wrong with a file that
/// equations name.
CellText read_cell(std::string_view given, const std::filesystem::path& folder = {});

/// A built-in cell's name; of equations their name and the first digits of their hash: "mgu@3fa9c2d1".
std::string label_of(const CellText& cell);
/// As TOML: a string, of several lines for equations.
std::string toml_of(const CellText& cell);
/// Why it is no cell: an unknown name, a file that cannot be read, or what is wrong with the equations. Empty
/// when it is one.
std::string objection_to(const CellText& cell, const CellList& cells);

/// XXH3-64 of the cell's canonical equations, 16 hex digits; empty for a cell that is a class, and for none.
std::string equations_hash(const CellList& cells, const CellText& cell);

}  // namespace unroll
