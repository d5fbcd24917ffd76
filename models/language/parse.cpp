#include <fmt/format.h>

#include <algorithm>

#include "models/language/grammar.hpp"
#include "models/language/syntax_builder.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

namespace g = grammar;

// ---- what a message says where a rule does not match

template <class>
inline constexpr const char* expected = "this does not fit here";
template <>
inline constexpr const char* expected<g::statement> =
    "expected a statement: cell, const, input, feedback, def, state, param, pytorch, repeat, or an "
    "equation NAME = ...";
template <>
inline constexpr const char* expected<g::end_of_statement> = "expected an operator or the end of the line";
template <>
inline constexpr const char* expected<g::factor> = "expected a value after the operator";
template <>
inline constexpr const char* expected<g::term> = expected<g::factor>;
template <>
inline constexpr const char* expected<g::sum> = expected<g::factor>;
template <>
inline constexpr const char* expected<g::token<g::expression>> = "expected a value";
template <>
inline constexpr const char* expected<g::token<g::const_value>> = "expected a value";
template <>
inline constexpr const char* expected<g::file_name> = "expected the name of a file";
template <>
inline constexpr const char* expected<g::closing_quote> = "expected \" behind the name of the file";
template <>
inline constexpr const char* expected<g::extent_factor> = expected<g::factor>;
template <>
inline constexpr const char* expected<g::ranges> = "expected a range: BEGIN:END, one index, or : for all";
template <>
inline constexpr const char* expected<g::token<g::axis_number>> = "expected 0, 1 or -1";
template <>
inline constexpr const char* expected<g::token<g::identifier>> = "expected a name";
template <>
inline constexpr const char* expected<g::token<g::parameter_names>> =
    "expected the names of what it takes: (a, b)";
template <>
inline constexpr const char* expected<g::token<g::rate_value>> =
    "expected a number, a constant, or an expression in parentheses";
template <>
inline constexpr const char* expected<g::token<g::open_brace>> = "expected {";
template <>
inline constexpr const char* expected<g::token<g::close_brace>> = "expected an equation, or }";
template <>
inline constexpr const char* expected<tao::pegtl::eol> = "expected the end of the line";
template <>
inline constexpr const char* expected<g::expression> = "expected a value";
template <>
inline constexpr const char* expected<g::token<g::power_operand>> = "expected an exponent";
template <>
inline constexpr const char* expected<g::arguments> = "expected a value";
template <>
inline constexpr const char* expected<g::token<g::close_parenthesis>> = "expected )";
template <>
inline constexpr const char* expected<g::token<g::close_bracket>> = "expected ]";
template <>
inline constexpr const char* expected<g::token<g::one<'['>>> = "expected [LOW, HIGH]";
template <>
inline constexpr const char* expected<g::token<g::comma>> = "expected ,";
template <>
inline constexpr const char* expected<g::token<g::equals>> = "expected =";
template <>
inline constexpr const char* expected<g::token<g::cell_name>> = "expected the cell's name";
template <>
inline constexpr const char* expected<g::token<g::names>> = "expected a name";
template <>
inline constexpr const char* expected<g::defined_name> = "expected a name";
template <>
inline constexpr const char* expected<g::token<g::defined_name>> = "expected a name";
template <>
inline constexpr const char* expected<g::token<g::init_value>> = "expected the name of an initialiser";
template <>
inline constexpr const char* expected<g::token<g::parenthesis>> = "expected a number in parentheses";
template <>
inline constexpr const char* expected<g::stacked_part> = "expected the name of a parameter, or 0";
template <>
inline constexpr const char* expected<g::token<g::stacked_parts>> = expected<g::stacked_part>;
template <>
inline constexpr const char* expected<g::end_of_parts> = "expected , or the end of the line";
template <>
inline constexpr const char* expected<g::token<g::shape>> =
    "expected a shape: SIZE, (SIZE), (ROWS, COLUMNS) or () for a number";

struct Messages {
  template <class Rule>
  static constexpr const char* message = expected<Rule>;
  template <class>
  static constexpr bool raise_on_failure = false;
};
template <class Rule>
using Control = tao::pegtl::must_if<Messages>::control<Rule>;

template <class Rule>
using Selected = tao::pegtl::parse_tree::selector<
    Rule,
    tao::pegtl::parse_tree::store_content::on<
        g::expression, g::sum, g::comparison_sign, g::range, g::range_end, g::colon, g::part, g::axis,
        g::axis_number, g::extent, g::extent_term, g::term, g::factor, g::product, g::power, g::power_operand,
        g::parenthesis, g::call, g::function_name, g::number, g::reference, g::prime, g::negation,
        g::plus_or_minus, g::times_or_over, g::identifier, g::cell_line, g::cell_name, g::const_line,
        g::def_line, g::repeat_line, g::orthogonal_exp, g::heads, g::rate, g::defined_name, g::state_line,
        g::state_start, g::param_line, g::shape_part, g::diagonal, g::skew, g::orthogonal, g::low_rank,
        g::init, g::init_name, g::bounds, g::fixed, g::nothing, g::file_call, g::file_name, g::input_line,
        g::feedback_line, g::pytorch_line, g::equation, g::left_side>>;

// ---- comments and line breaks

/// Behind the name of a file that begins at the quotation mark `at`: at the mark that ends it, or the line's
/// last character. What is in it is no comment and no parenthesis.
std::size_t end_of_quoted(const std::string& text, std::size_t at) {
  const std::size_t end = std::min(text.find_first_of("\"\n", at + 1), text.size());
  return end < text.size() && text[end] == '"' ? end : end - 1;
}

/// The text with comments, and line breaks inside parentheses, as blanks: every byte keeps its place.
std::string without_comments(const Source& source) {
  std::string text = source.text();
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') i = end_of_quoted(text, i);
    if (text[i] == '#')
      for (; i < text.size() && text[i] != '\n'; ++i) text[i] = ' ';
    if (i == text.size()) break;
    if (text[i] == '(' || text[i] == '[') open.push_back(i);
    if ((text[i] == ')' || text[i] == ']') && !open.empty()) open.pop_back();
    if (text[i] == '\n' && !open.empty()) text[i] = ' ';
    if (open.size() > deepest_nesting / 2)
      throw EquationError(source, {i, i + 1}, "parentheses are nested too deeply here");
  }
  if (!open.empty())
    throw EquationError(source, {open.back(), open.back() + 1}, "this parenthesis is never closed");
  return text;
}

/// The comment on the line of `at`, without the sign and blanks around.
std::string comment_beside(const Source& source, std::size_t at) {
  const std::string& text = source.text();
  const std::size_t end = std::min(text.find('\n', at), text.size());
  const std::size_t sign = text.find('#', at);
  if (sign >= end) return "";
  const std::size_t first = text.find_first_not_of(" \t#", sign);
  if (first >= end) return "";
  const std::size_t last = text.find_last_not_of(" \t", end - 1);
  return text.substr(first, last - first + 1);
}

/// The names that lines `def NAME(` define.
std::vector<std::string> defined_functions(const std::string& text) {
  std::vector<std::string> names;
  for (std::size_t line = 0; line < text.size();
       line = std::min(text.find('\n', line), text.size() - 1) + 1) {
    const std::size_t word = text.find_first_not_of(" \t", line);
    if (word == std::string::npos || text.compare(word, 3, "def") != 0) continue;
    const std::size_t name = text.find_first_not_of(" \t", word + 3);
    if (name == std::string::npos || name == word + 3) continue;
    names.push_back(text.substr(name, text.find_first_of(" \t(\n", name) - name));
  }
  return names;
}

bool ends_name(char c) {
  return std::string_view(" \t\n()[]{},+-*/^=<>!:'@").find(c) != std::string_view::npos;
}

/// The name before the innermost parenthesis that is open at `at`, as in NAME(a, b; empty where there is
/// none.
std::string_view called_name(std::string_view text, std::size_t at) {
  int closed = 0;
  for (std::size_t i = at; i-- > 0;) {
    closed += text[i] == ')';
    if (text[i] != '(' || closed-- > 0) continue;
    std::size_t begin = i;
    while (begin > 0 && !ends_name(text[begin - 1])) --begin;
    return text.substr(begin, i - begin);
  }
  return {};
}

/// What to write instead, where it is known what somebody meant.
std::string advice(std::string_view text, std::size_t at, const g::CallNames& callable) {
  const char c = at < text.size() ? text[at] : '\n';
  if (c == '@') return "; a product of a matrix and a vector is written W x, without a sign";
  if (c == '^' && at + 1 < text.size() && text[at + 1] == '^') return "; a power is written a^b";
  if (c == '%') return "; the remainder is mod(a, b)";
  if (c == '&' || c == '|') return "; of conditions, which are 0 or 1, `and` is a * b and `or` is max(a, b)";
  if (c == '<' || c == '>') return "; comparisons do not chain: (a < b) * (b < c)";
  if (c == '"')
    return "; the array of a file is all that a constant with a shape is, const A: (ROWS, COLUMNS) = "
           "file(\"A.npy\"), or what a parameter starts at, init file(\"A.npy\")";
  if (c == '=') return "; two values are compared by ==";
  if (c != ',') return "";
  const std::string_view name = called_name(text, at);
  if (name.empty()) return "";
  std::vector<std::string> known = callable.functions.names();
  known.insert(known.end(), callable.definitions.begin(), callable.definitions.end());
  return fmt::format("; {} is no function{} (`unroll cells functions` lists them)", name,
                     did_you_mean(name, known));
}

}  // namespace

CellSyntax parse_cell(const Source& source, const FunctionTable& functions) {
  const std::string text = without_comments(source);
  const g::CallNames callable{functions, defined_functions(text)};
  tao::pegtl::memory_input<> in(text, source.name());
  try {
    const auto root =
        tao::pegtl::parse_tree::parse<g::file, Selected, tao::pegtl::nothing, Control>(in, callable);
    if (!root) throw EquationError(source, {0, 0}, "this is no cell");
    CellSyntax cell = build_syntax(source, *root);
    cell.note = comment_beside(source, cell.at.end);
    return cell;
  } catch (const tao::pegtl::parse_error& error) {
    const std::size_t at = error.positions().front().byte;
    const std::size_t start = source.text().find_first_not_of(" \t", at);
    const std::size_t byte = start == std::string::npos ? at : start;
    throw EquationError(source, {byte, byte + 1},
                        std::string(error.message()) + advice(text, byte, callable));
  }
}

}  // namespace unroll
