#include <charconv>
#include <map>

#include <fmt/format.h>

#include "models/language/syntax_builder.hpp"

namespace unroll {
namespace {

namespace g = grammar;
using g::Node;
using Form = Expression::Kind;

const std::map<std::string_view, Form>& binary_signs() {
  static const std::map<std::string_view, Form> signs = {
      {"+", Form::add},      {"-", Form::subtract},       {"−", Form::subtract}, {"*", Form::multiply},
      {"⊙", Form::multiply}, {"/", Form::divide},         {"<", Form::less},     {"<=", Form::less_equal},
      {">", Form::greater},  {">=", Form::greater_equal}, {"==", Form::equal},   {"!=", Form::not_equal}};
  return signs;
}

class ExpressionBuilder {
 public:
  explicit ExpressionBuilder(const Source& source) : source_(source) {}

  Expression expression(const Node& node, std::size_t depth) {
    if (depth + node.children.size() > deepest_nesting)
      throw EquationError(source_, span_of(node),
                          "this is nested too deeply; name parts of it by equations of their own");
    if (node.is_type<g::number>()) return number(node);
    if (node.is_type<g::reference>()) return reference(node);
    if (node.is_type<g::call>()) return call(node, depth);
    if (node.is_type<g::parenthesis>()) return parenthesis(node, depth);
    if (node.is_type<g::range>()) return range(node, depth);
    if (node.children.size() == 1) return expression(*node.children[0], depth + 1);
    if (is_chain(node)) return chain(node, depth);
    if (node.is_type<g::product>()) return product(node, depth);
    if (node.is_type<g::power>()) return pair(Form::power, node, depth);
    if (node.is_type<g::part>()) return subscript(node, depth);
    return negated(node, depth);
  }

 private:
  std::string text(const Node& node) const { return std::string(source_.text(span_of(node))); }

  static Expression make(Form kind, Span at, std::vector<Expression> operands) {
    return {.kind = kind, .at = at, .operands = std::move(operands)};
  }
  static Expression make(Form kind, Expression left, Expression right) {
    const Span at{left.at.begin, right.at.end};
    std::vector<Expression> both;
    both.push_back(std::move(left));
    both.push_back(std::move(right));
    return make(kind, at, std::move(both));
  }

  static bool is_chain(const Node& node) {
    return node.is_type<g::expression>() || node.is_type<g::range_end>() || node.is_type<g::sum>() ||
           node.is_type<g::term>() || node.is_type<g::extent>() || node.is_type<g::extent_term>();
  }

  Expression reference(const Node& node) const {
    return {.kind = Form::name,
            .at = span_of(node),
            .name = text(*node.children[0]),
            .next = node.children.size() > 1};
  }

  Expression parenthesis(const Node& node, std::size_t depth) {
    Expression inside = expression(*node.children[0], depth + 1);
    inside.at = span_of(node);
    return inside;
  }

  /// Operators between operands, from left to right.
  Expression chain(const Node& node, std::size_t depth) {
    Expression left = expression(*node.children[0], depth + node.children.size() / 2);
    for (std::size_t i = 1; i + 1 < node.children.size(); i += 2)
      left = make(binary_signs().at(text(*node.children[i])), std::move(left),
                  expression(*node.children[i + 1], depth + 1));
    return left;
  }

  Expression product(const Node& node, std::size_t depth) {
    Expression right = expression(*node.children.back(), depth + node.children.size());
    for (std::size_t i = node.children.size() - 1; i-- > 0;)
      right = make(Form::product, expression(*node.children[i], depth + 1), std::move(right));
    return right;
  }

  Expression pair(Form kind, const Node& node, std::size_t depth) {
    Expression result =
        make(kind, expression(*node.children[0], depth + 1), expression(*node.children[1], depth + 1));
    result.at = span_of(node);
    return result;
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

  Expression subscript(const Node& node, std::size_t depth) {
    Expression e{.kind = Form::subscript, .at = span_of(node)};
    for (const auto& child : node.children) e.operands.push_back(expression(*child, depth + 1));
    return e;
  }

  Expression range(const Node& node, std::size_t depth) {
    Expression e{.kind = Form::range, .at = span_of(node), .single = true};
    for (const auto& child : node.children) {
      if (child->is_type<g::colon>()) {
        e.single = false;
        continue;
      }
      (child->is_type<g::range_end>() ? e.has_end : e.has_begin) = true;
      e.operands.push_back(expression(*child, depth + 1));
    }
    return e;
  }

  Expression call(const Node& node, std::size_t depth) {
    Expression e{.kind = Form::call, .at = span_of(node), .name = text(*node.children[0])};
    for (std::size_t i = 1; i < node.children.size(); ++i) {
      const Node& argument = *node.children[i];
      if (!argument.is_type<g::axis>()) {
        e.operands.push_back(expression(argument, depth + 1));
        continue;
      }
      if (e.axis) throw EquationError(source_, span_of(argument), "axis is given twice");
      const std::string number = text(*argument.children[0]);
      if (number != "0" && number != "1" && number != "-1")
        throw EquationError(source_, span_of(argument),
                            "an axis is 0 (rows, or the elements of a vector), 1 (columns) or -1, the last");
      e.axis = std::stoi(number);
    }
    return e;
  }

  Expression number(const Node& node) const {
    const std::string_view digits = source_.text(span_of(node));
    Expression e{.kind = Form::number, .at = span_of(node)};
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), e.number);
    if (error != std::errc{})
      throw EquationError(source_, e.at, fmt::format("{} is outside the range of a number", digits));
    return e;
  }

  const Source& source_;
};

}  // namespace

Expression build_expression(const Source& source, const grammar::Node& node) {
  return ExpressionBuilder(source).expression(node, 0);
}

}  // namespace unroll
