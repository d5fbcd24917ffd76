#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <tao/pegtl/contrib/parse_tree.hpp>

#include "models/language/grammar.hpp"
#include "models/language/syntax.hpp"

namespace unroll {
namespace {

using Form = Expression::Kind;
using Node = tao::pegtl::parse_tree::node;
namespace g = grammar;

/// Nesting is followed by recursive functions: this keeps their stack small.
constexpr std::size_t deepest = 200;

// ---- what a message says where a rule does not match

template <class>
inline constexpr const char* expected = "this does not fit here";
template <>
inline constexpr const char* expected<g::statement> =
    "expected a statement: cell, const, state, param, pytorch, or an equation NAME = ...";
template <>
inline constexpr const char* expected<g::end_of_statement> = "expected an operator or the end of the line";
template <>
inline constexpr const char* expected<g::factor> = "expected a value after the operator";
template <>
inline constexpr const char* expected<g::term> = expected<g::factor>;
template <>
inline constexpr const char* expected<g::token<g::expression>> = "expected a value";
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
inline constexpr const char* expected<g::token<g::init_name>> = "expected the name of an initialiser";
template <>
inline constexpr const char* expected<g::token<g::parenthesis>> = "expected the rank in parentheses";
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
    Rule, tao::pegtl::parse_tree::store_content::on<
              g::expression, g::extent, g::extent_term, g::term, g::factor, g::product, g::power,
              g::power_operand, g::parenthesis, g::call, g::function_name, g::number, g::reference, g::prime,
              g::negation, g::plus_or_minus, g::times_or_over, g::identifier, g::cell_line, g::cell_name,
              g::const_line, g::defined_name, g::state_line, g::state_start, g::param_line, g::shape_part,
              g::diagonal, g::skew, g::orthogonal, g::low_rank, g::init, g::init_name, g::bounds, g::fixed,
              g::nothing, g::pytorch_line, g::equation, g::left_side>>;

// ---- from the parse tree to ours

Span span_of(const Node& node) { return {node.begin().byte, node.end().byte}; }

class Builder {
 public:
  explicit Builder(const Source& source) : source_(source) {}

  CellSyntax cell(const Node& root) {
    for (const auto& child : root.children) statement(*child);
    if (cell_.name.empty())
      throw EquationError(source_, {0, 0}, "a cell starts with a line `cell NAME`; there is none");
    return std::move(cell_);
  }

 private:
  std::string text(const Node& node) const { return std::string(source_.text(span_of(node))); }

  void statement(const Node& node) {
    if (node.is_type<g::cell_line>()) return cell_line(node);
    if (node.is_type<g::const_line>()) return const_line(node);
    if (node.is_type<g::state_line>()) return state_line(node);
    if (node.is_type<g::param_line>()) return param_line(node);
    if (node.is_type<g::pytorch_line>()) return pytorch_line(node);
    const Node& left = *node.children[0];
    cell_.equations.push_back(
        {text(*left.children[0]), left.children.size() > 1, span_of(left), expression(*node.children[1], 0)});
  }

  void cell_line(const Node& node) {
    if (!cell_.name.empty())
      throw EquationError(source_, span_of(node), "a file holds one cell; this would be the second");
    cell_.name = text(*node.children[0]);
    cell_.at = span_of(*node.children[0]);
  }

  void const_line(const Node& node) {
    cell_.constants.push_back(
        {text(*node.children[0]), span_of(*node.children[0]), expression(*node.children[1], 0)});
  }

  std::vector<Expression> shape(const Node& part) {
    std::vector<Expression> extents;
    for (const auto& extent : part.children) extents.push_back(expression(*extent, 0));
    return extents;
  }

  void state_line(const Node& node) {
    StateStatement common;
    for (const auto& child : node.children) {
      if (child->is_type<g::shape_part>()) common.shape = shape(*child);
      if (child->is_type<g::state_start>()) common.start = expression(*child->children[0], 0);
    }
    for (const auto& child : node.children) {
      if (!child->is_type<g::defined_name>()) continue;
      common.name = text(*child);
      common.at = span_of(*child);
      cell_.states.push_back(common);
    }
  }

  void param_line(const Node& node) {
    using enum ParameterStatement::Structure;
    ParameterStatement common;
    refuse_repeats(node);
    for (const auto& child : node.children) {
      if (child->is_type<g::shape_part>()) common.shape = shape(*child);
      if (child->is_type<g::diagonal>()) common.structure = diagonal;
      if (child->is_type<g::skew>()) common.structure = skew;
      if (child->is_type<g::orthogonal>()) common.structure = orthogonal;
      if (child->is_type<g::low_rank>()) {
        common.structure = low_rank;
        common.rank = expression(*child->children[0]->children[0], 0);
      }
      if (child->is_type<g::init>()) common.init = init(*child);
      if (child->is_type<g::bounds>())
        common.bounds = {expression(*child->children[0], 0), expression(*child->children[1], 0)};
      if (child->is_type<g::fixed>()) common.fixed = true;
    }
    for (const auto& child : node.children) {
      if (!child->is_type<g::defined_name>()) continue;
      common.name = text(*child);
      common.at = span_of(*child);
      cell_.parameters.push_back(common);
    }
  }

  void pytorch_line(const Node& node) {
    PyTorchStatement tensor{text(*node.children[0]), span_of(*node.children[0]), {}};
    for (std::size_t i = 1; i < node.children.size(); ++i) {
      const Node& part = *node.children[i];
      tensor.parts.push_back({part.is_type<g::nothing>() ? "" : text(part), span_of(part)});
    }
    cell_.pytorch.push_back(std::move(tensor));
  }

  void refuse_repeats(const Node& param) {
    int structures = 0, starts = 0, ranges = 0;
    for (const auto& child : param.children) {
      structures += child->is_type<g::diagonal>() || child->is_type<g::skew>() ||
                    child->is_type<g::orthogonal>() || child->is_type<g::low_rank>();
      starts += child->is_type<g::init>();
      ranges += child->is_type<g::bounds>();
      if (structures > 1 || starts > 1 || ranges > 1)
        throw EquationError(source_, span_of(*child),
                            "a parameter has one structure, one init and one range");
    }
  }

  InitCall init(const Node& node) {
    InitCall call{text(*node.children[0]), span_of(*node.children[0]), {}};
    for (std::size_t i = 1; i < node.children.size(); ++i)
      call.arguments.push_back(expression(*node.children[i], 0));
    return call;
  }

  Expression make(Form kind, Span at, std::vector<Expression> operands) {
    return {.kind = kind, .at = at, .operands = std::move(operands)};
  }

  static bool is_sum(const Node& node) { return node.is_type<g::expression>() || node.is_type<g::extent>(); }

  /// Operators between operands, from left to right.
  Expression chain(const Node& node, std::size_t depth) {
    Expression left = expression(*node.children[0], depth + node.children.size() / 2);
    for (std::size_t i = 1; i + 1 < node.children.size(); i += 2) {
      const std::string sign = text(*node.children[i]);
      const Form kind = sign == "+"     ? Form::add
                        : sign == "/"   ? Form::divide
                        : !is_sum(node) ? Form::multiply
                                        : Form::subtract;
      Expression right = expression(*node.children[i + 1], depth + 1);
      const Span at{left.at.begin, right.at.end};
      std::vector<Expression> both;
      both.push_back(std::move(left));
      both.push_back(std::move(right));
      left = make(kind, at, std::move(both));
    }
    return left;
  }

  Expression product(const Node& node, std::size_t depth) {
    Expression right = expression(*node.children.back(), depth + node.children.size());
    for (std::size_t i = node.children.size() - 1; i-- > 0;) {
      Expression left = expression(*node.children[i], depth + 1);
      const Span at{left.at.begin, right.at.end};
      std::vector<Expression> both;
      both.push_back(std::move(left));
      both.push_back(std::move(right));
      right = make(Form::product, at, std::move(both));
    }
    return right;
  }

  /// Minus signs before the last child.
  Expression negated(const Node& node, std::size_t depth) {
    Expression value = expression(*node.children.back(), depth + 1);
    for (std::size_t i = 1; i < node.children.size(); ++i) {
      std::vector<Expression> operand;
      const Span at{node.begin().byte, value.at.end};
      operand.push_back(std::move(value));
      value = make(Form::negate, at, std::move(operand));
    }
    return value;
  }

  Expression call(const Node& node, std::size_t depth) {
    Expression e{.kind = Form::call, .at = span_of(node), .name = text(*node.children[0])};
    for (std::size_t i = 1; i < node.children.size(); ++i)
      e.operands.push_back(expression(*node.children[i], depth + 1));
    return e;
  }

  Expression number(const Node& node) {
    const std::string_view digits = source_.text(span_of(node));
    Expression e{.kind = Form::number, .at = span_of(node)};
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), e.number);
    if (error != std::errc{})
      throw EquationError(source_, e.at, fmt::format("{} is outside the range of a number", digits));
    return e;
  }

  Expression expression(const Node& node, std::size_t depth) {
    if (depth + node.children.size() > deepest)
      throw EquationError(source_, span_of(node),
                          "this is nested too deeply; name parts of it by equations of their own");
    if (node.is_type<g::number>()) return number(node);
    if (node.is_type<g::reference>())
      return {.kind = Form::name,
              .at = span_of(node),
              .name = text(*node.children[0]),
              .next = node.children.size() > 1};
    if (node.is_type<g::call>()) return call(node, depth);
    if (node.is_type<g::parenthesis>()) {
      Expression inside = expression(*node.children[0], depth + 1);
      inside.at = span_of(node);
      return inside;
    }
    if (node.children.size() == 1) return expression(*node.children[0], depth + 1);
    if (is_sum(node) || node.is_type<g::term>() || node.is_type<g::extent_term>()) return chain(node, depth);
    if (node.is_type<g::product>()) return product(node, depth);
    if (node.is_type<g::power>()) {
      std::vector<Expression> both;
      both.push_back(expression(*node.children[0], depth + 1));
      both.push_back(expression(*node.children[1], depth + 1));
      return make(Form::power, span_of(node), std::move(both));
    }
    return negated(node, depth);
  }

  const Source& source_;
  CellSyntax cell_;
};

// ---- comments and line breaks

/// The text with comments, and line breaks inside parentheses, as blanks: every byte keeps its place.
std::string without_comments(const Source& source) {
  std::string text = source.text();
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '#')
      for (; i < text.size() && text[i] != '\n'; ++i) text[i] = ' ';
    if (i == text.size()) break;
    if (text[i] == '(') open.push_back(i);
    if (text[i] == ')' && !open.empty()) open.pop_back();
    if (text[i] == '\n' && !open.empty()) text[i] = ' ';
    if (open.size() > deepest / 2)
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

}  // namespace

CellSyntax parse_cell(const Source& source, const FunctionTable& functions) {
  const std::string text = without_comments(source);
  tao::pegtl::memory_input<> in(text, source.name());
  try {
    const auto root =
        tao::pegtl::parse_tree::parse<g::file, Selected, tao::pegtl::nothing, Control>(in, functions);
    if (!root) throw EquationError(source, {0, 0}, "this is no cell");
    CellSyntax cell = Builder(source).cell(*root);
    cell.note = comment_beside(source, cell.at.end);
    return cell;
  } catch (const tao::pegtl::parse_error& error) {
    const std::size_t at = error.positions().front().byte;
    const std::size_t start = source.text().find_first_not_of(" \t", at);
    const std::size_t byte = start == std::string::npos ? at : start;
    throw EquationError(source, {byte, byte + 1}, error.message());
  }
}

}  // namespace unroll
