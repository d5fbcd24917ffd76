#include "models/cell_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "framework/tensor/embedded_file.hpp"
#include "models/language/equation_cell.hpp"
#include "models/nearest.hpp"

namespace unroll {

/// The files of models/cells, by scripts/embed.cmake.
std::span<const EmbeddedFile> cell_files();

namespace {

/// Cells that are classes: {NAME, SOURCE, make<CLASS>} each.
std::vector<CellRow> class_rows() { return {}; }

CellRow equation_row(const EmbeddedFile& file) {
  const auto definition = define_cell("models/cells/" + std::string(file.name), file.content);
  const auto make = [definition](const CellOptions& options) -> std::unique_ptr<Cell> {
    return std::make_unique<EquationCell>(definition, options);
  };
  return {definition->name, definition->note, make, definition};
}

std::vector<CellRow> make_rows() {
  std::vector<CellRow> rows = class_rows();
  for (const EmbeddedFile& file : cell_files()) rows.push_back(equation_row(file));
  std::ranges::sort(rows, {}, &CellRow::name);
  return rows;
}

const CellRow& known_cell(const CellList& cells, std::string_view name) {
  if (const CellRow* row = find_cell(cells, name)) return *row;
  const std::vector<std::string> names = names_of(cells);
  throw std::invalid_argument(fmt::format("unknown cell '{}'{}; known are {}", printable(name),
                                          did_you_mean(name, names), fmt::join(names, ", ")));
}

}  // namespace

const CellList& cell_table() {
  static const CellList rows = make_rows();
  return rows;
}

std::vector<std::string> names_of(const CellList& cells) {
  std::vector<std::string> names;
  for (const CellRow& row : cells) names.push_back(row.name);
  return names;
}

const CellRow* find_cell(const CellList& cells, std::string_view name) {
  const auto found = std::ranges::find(cells, name, &CellRow::name);
  return found == cells.end() ? nullptr : &*found;
}

bool is_cell_text(std::string_view cell) { return cell.find('\n') != std::string_view::npos; }

std::unique_ptr<Cell> make_cell(const CellList& cells, std::string_view cell, const CellOptions& options) {
  if (is_cell_text(cell)) return std::make_unique<EquationCell>(define_cell("model.cell", cell), options);
  if (cell.ends_with(".cell"))
    return std::make_unique<EquationCell>(define_cell(std::string(cell), read_cell_file(cell)), options);
  return known_cell(cells, cell).make(options);
}

std::unique_ptr<Cell> make_cell(std::string_view cell, const CellOptions& options) {
  return make_cell(cell_table(), cell, options);
}

std::shared_ptr<const CellDefinition> cell_definition(const CellList& cells, std::string_view cell) {
  if (is_cell_text(cell)) return define_cell("model.cell", cell);
  const CellRow* row = find_cell(cells, cell);
  return row ? row->definition : nullptr;
}

std::shared_ptr<const CellDefinition> cell_definition(std::string_view cell) {
  return cell_definition(cell_table(), cell);
}

}  // namespace unroll
