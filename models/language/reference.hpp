#pragma once

#include <span>
#include <string>
#include <string_view>

namespace unroll {

/// A row of what the equation language has beside its functions and initialisers.
struct LanguageRow {
  std::string_view kind;  ///< "line", "structure", "option", "operator", "given"
  std::string_view form;
  std::string_view summary;
  std::string_view example;  ///< a line, or several
};

/// The list of all of it, in the order of a page.
std::span<const LanguageRow> language_table();

/// A commented cell to start from, of that name.
std::string new_cell_text(std::string_view name);

}  // namespace unroll
