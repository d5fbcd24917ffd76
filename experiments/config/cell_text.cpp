#include "experiments/config/cell_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <stdexcept>
#include <system_error>
#include <vector>

#include "experiments/config/config_error.hpp"
#include "experiments/config/text.hpp"
#include "framework/tensor/file.hpp"
#include "models/cell_check.hpp"
#include "models/cell_table.hpp"
#include "models/language/equation_cell.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

bool is_path(std::string_view text) {
  return !is_cell_text(text) && (text.ends_with(".cell") || text.find('/') != std::string_view::npos);
}

/// Here, because nobody knows the file's name later.
void check_equations(const std::string& file, const std::string& text) {
  constexpr std::int64_t large = 4096;  // so that no rank or count is too large for it
  try {
    const auto definition = define_cell(file, text);
    const auto make = [&](const CellOptions& options) {
      return std::make_unique<EquationCell>(definition, options);
    };
    make(small_sizes(make, {large, large}));
  } catch (const EquationError& error) {
    throw ConfigError(error.what());
  } catch (const std::invalid_argument&) {  // of these sizes; the real ones are checked with the config
  }
}

std::string text_of(const std::filesystem::path& path) {
  try {
    return read_cell_file(path);
  } catch (const EquationError& error) {
    throw ConfigError(error.what());
  }
}

/// The equations of a built-in cell are that cell under its name: the same trial however a config gives them.
CellText by_name_if_built_in(CellText cell) {
  const std::string hash = equations_hash(cell_table(), cell);
  if (hash.empty()) return cell;
  const CellText name = cell_definition(cell)->name;
  return equations_hash(cell_table(), name) == hash ? name : cell;
}

/// """...""" keeps line breaks; a backslash or three quotes in it would mean something else.
std::string multi_line_string(std::string_view text) {
  std::string body;
  for (const char c : text) {
    if (c == '\r') {
      body += "\\r";  // TOML would take it for a line break, or refuse it
      continue;
    }
    if (c == '\\' || c == '"') body += '\\';
    body += c;
  }
  return "\"\"\"\n" + body + "\"\"\"";
}

/// Equations of a config itself name files beside it. What is wrong with the equations is for objection_to().
CellText with_files_beside(std::string_view equations, const std::filesystem::path& folder) {
  if (!needs_files(equations)) return CellText(std::string(equations));
  try {
    return with_files("model.cell", equations, folder);
  } catch (const EquationError& error) {
    throw ConfigError(error.what());
  }
}

}  // namespace

CellText read_cell(std::string_view given, const std::filesystem::path& folder) {
  if (is_cell_text(given)) return by_name_if_built_in(with_files_beside(given, folder));
  if (!is_path(given)) return CellText(std::string(given));
  const std::filesystem::path beside = folder / given, here = given;
  std::error_code ignored;
  for (const auto& path : {beside, here}) {
    if (!std::filesystem::is_regular_file(path, ignored)) continue;
    std::string text = text_of(path);
    check_equations(path.string(), text);
    return by_name_if_built_in(is_cell_text(text) ? text : text + "\n");
  }
  return CellText(std::string(given));
}

std::string equations_hash(const CellList& cells, const CellText& cell) {
  try {
    const auto definition = cell_definition(cells, cell);
    return definition ? hex_hash(definition->canonical) : "";
  } catch (const std::invalid_argument&) {
    return "";
  }
}

std::string label_of(const CellText& cell) {
  if (!is_cell_text(cell)) return cell.text;
  try {
    const auto definition = cell_definition(cell);
    return fmt::format("{}@{}", definition->name, hex_hash(definition->canonical).substr(0, 8));
  } catch (const std::invalid_argument&) {
    return cell.text.substr(0, cell.text.find('\n'));
  }
}

std::string toml_of(const CellText& cell) {
  return is_cell_text(cell) ? multi_line_string(cell.text) : fmt::format("\"{}\"", cell.text);
}

std::string objection_to(const CellText& cell, const CellList& cells) {
  if (is_cell_text(cell)) {
    try {
      cell_definition(cell);
      return "";
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
  }
  if (find_cell(cells, cell)) return "";
  if (is_path(cell))
    return fmt::format(
        "there is no file \"{}\" with a cell's equations (looked for beside the config file "
        "and in the current folder)",
        printable(cell));
  if (cell.text.find('@') != std::string::npos)
    return fmt::format(
        "\"{}\" is what reports call a cell of a file by its equations: give the file, as {}.cell",
        printable(cell), printable(cell.text.substr(0, cell.text.find('@'))));
  const std::vector<std::string> names = names_of(cells);
  return fmt::format("\"{}\" is unknown{} Known: {}; or the path of a .cell file, or equations",
                     printable(cell), nearest(cell, names) ? did_you_mean(cell, names) : ".",
                     fmt::join(names, ", "));
}

}  // namespace unroll
