#include "models/language/reference.hpp"

#include <doctest/doctest.h>

#include <regex>
#include <set>

#include "framework/tensor/file.hpp"
#include "models/cell_check.hpp"
#include "models/initialiser.hpp"
#include "models/language/equation_cell.hpp"

using namespace unroll;

namespace {

std::string page() { return read_file(UNROLL_SOURCE_DIR "/models/README.md"); }

/// The blocks of the page that are cells.
std::vector<std::string> cells_of(const std::string& text) {
  std::vector<std::string> cells;
  const std::string open = "```cell\n";
  for (std::size_t at = text.find(open); at != std::string::npos; at = text.find(open, at + 1)) {
    const std::size_t begin = at + open.size();
    cells.push_back(text.substr(begin, text.find("```", begin) - begin));
  }
  return cells;
}

/// A cell with the lines of an example and whatever they name; those that the example has are its own.
std::string around(const std::string& example) {
  const auto has = [&](const std::string& line) {
    return std::regex_search("\n" + example, std::regex("\n" + line));
  };
  std::string text = has("cell ") ? "" : "cell example\n", sum = "W_in x + V_in h";
  if (!has("state h")) text += "state h\n";
  if (!has("param b ")) text += "param b_u: hidden\nc_u = sum(b_u * h)\n", sum += " + 0.1 * c_u";
  for (const std::string name : {"a", "v", "theta", "y"})
    if (!has(name + " ") && std::regex_search(example, std::regex("\\b" + name + "\\b")))
      text += name + " = 0.9 * h + mean(x)\n";
  text += example + "\n";
  for (const std::string name : {"U", "u", "b", "S", "dt", "scale", "gate"}) {
    if (!has("param " + name + "\\b") && !has("const " + name + "\\b") && !has("def " + name + "\\b"))
      continue;
    sum += name == "U" || name == "S" ? " + " + name + " h"
           : name == "gate"           ? " + gate(h)"
                                      : " + " + name + " * h";
  }
  if (has("z = ")) sum += " + z";
  if (has("state m")) text += "m' = m + mean(h)\n";
  if (has("pytorch "))
    return "cell p\nstate h\nh' = tanh(U_hh h + W x + b)\n" + example + "\npytorch w = W\npytorch b = b\n";
  return has("h' = ") ? text : text + "h' = tanh(" + sum + ")\n";
}

std::string checked(const std::string& text) {
  const auto definition = define_cell("page", text);
  const auto make = [&](const CellOptions& options) {
    return std::make_unique<EquationCell>(definition, options);
  };
  const CellOptions small = small_sizes(make, {3, 64});
  const auto checks = check_cell(*make(small), small.input_size);
  return all_ok(checks) ? "" : to_text(checks, definition->name);
}

}  // namespace

TEST_CASE("[language] every cell of the page passes its check") {
  const std::vector<std::string> cells = cells_of(page());
  CHECK(cells.size() >= 8);
  for (const std::string& cell : cells) {
    CAPTURE(cell);
    CHECK(checked(cell) == "");
  }
}

TEST_CASE("[language] the page names every function, initialiser, structure and option") {
  const std::string text = page();
  const auto names = [&](std::string_view name) {
    return std::regex_search(text, std::regex("[`\\s(]" + std::string(name) + "[`\\s(,]"));
  };
  for (const Function& f : standard_functions().all()) CHECK_MESSAGE(names(f.name), f.name);
  for (const InitialiserRow& row : initialiser_table()) CHECK_MESSAGE(names(row.name), row.name);
  for (const DerivedInitialiserRow& row : derived_initialiser_table())
    CHECK_MESSAGE(names(row.name), row.name);
  for (const LanguageRow& row : language_table()) {
    const std::string word(row.form.substr(0, row.form.find_first_of(" (,")));
    if (row.kind == "structure" || row.kind == "option" || row.kind == "given")
      CHECK_MESSAGE(names(word), word);
  }
}

TEST_CASE("[language] every example of the lists is a cell that passes its check") {
  for (const Function& f : standard_functions().all()) {
    CAPTURE(f.example);
    CHECK(f.example.find(f.name + "(") != std::string::npos);
    CHECK(checked(around(f.example)) == "");
  }
  for (const LanguageRow& row : language_table()) {
    CAPTURE(row.example);
    CHECK(checked(around(std::string(row.example))) == "");
  }
}

TEST_CASE("[language] a new cell's text is a cell") { CHECK(checked(new_cell_text("my_cell")) == ""); }
