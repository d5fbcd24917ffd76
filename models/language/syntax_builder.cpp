#include "models/language/syntax_builder.hpp"

#include <fmt/format.h>

namespace unroll {
namespace {

namespace g = grammar;
using g::Node;

class SyntaxBuilder {
 public:
  explicit SyntaxBuilder(const Source& source) : source_(source) {}

  CellSyntax cell(const Node& root) {
    for (const auto& child : root.children) statement(*child);
    if (cell_.name.empty())
      throw EquationError(source_, {0, 0}, "a cell starts with a line `cell NAME`; there is none");
    return std::move(cell_);
  }

 private:
  std::string text(const Node& node) const { return std::string(source_.text(span_of(node))); }
  Expression expression(const Node& node) const { return build_expression(source_, node); }

  void statement(const Node& node) {
    if (node.is_type<g::cell_line>()) return cell_line(node);
    if (node.is_type<g::const_line>()) return const_line(node);
    if (node.is_type<g::input_line>()) return given_line(node, cell_.context, "second input");
    if (node.is_type<g::feedback_line>()) return given_line(node, cell_.feedback, "feedback");
    if (node.is_type<g::def_line>()) return def_line(node);
    if (node.is_type<g::state_line>()) return state_line(node);
    if (node.is_type<g::param_line>()) return param_line(node);
    if (node.is_type<g::pytorch_line>()) return pytorch_line(node);
    if (node.is_type<g::repeat_line>()) return repeat_line(node);
    equation(node);
  }

  void equation(const Node& node) {
    const Node& left = *node.children[0];
    cell_.equations.push_back(
        {text(*left.children[0]), left.children.size() > 1, span_of(left), expression(*node.children[1])});
  }

  void repeat_line(const Node& node) {
    RepeatStatement repeat{expression(*node.children[0]), span_of(*node.children[0])};
    repeat.begin = cell_.equations.size();
    for (std::size_t i = 1; i < node.children.size(); ++i) equation(*node.children[i]);
    repeat.end = cell_.equations.size();
    if (repeat.begin == repeat.end)
      throw EquationError(source_, repeat.at, "there is no equation between the braces");
    cell_.repeats.push_back(std::move(repeat));
  }

  void cell_line(const Node& node) {
    if (!cell_.name.empty())
      throw EquationError(source_, span_of(node), "a file holds one cell; this would be the second");
    cell_.name = text(*node.children[0]);
    cell_.at = span_of(*node.children[0]);
  }

  void const_line(const Node& node) {
    ConstStatement constant{text(*node.children[0]), span_of(*node.children[0]), std::nullopt,
                            value_or_file(*node.children.back())};
    if (node.children.size() > 2) constant.shape = shape(*node.children[1]);
    cell_.constants.push_back(std::move(constant));
  }

  Expression value_or_file(const Node& node) const {
    if (!node.is_type<g::file_call>()) return expression(node);
    return {.kind = Expression::Kind::file, .at = span_of(node), .name = text(*node.children[0])};
  }

  void given_line(const Node& node, std::optional<GivenStatement>& given, std::string_view what) {
    const Node& name = *node.children[0];
    if (given)
      throw EquationError(source_, span_of(name),
                          fmt::format("a cell has one {}, and {} is it already", what, given->name));
    given = {text(name), span_of(name)};
  }

  void def_line(const Node& node) {
    DefStatement definition{
        text(*node.children[0]), span_of(*node.children[0]), {}, expression(*node.children.back())};
    for (std::size_t i = 1; i + 1 < node.children.size(); ++i)
      definition.parameters.push_back(text(*node.children[i]));
    cell_.definitions.push_back(std::move(definition));
  }

  std::vector<Expression> shape(const Node& part) const {
    std::vector<Expression> extents;
    for (const auto& extent : part.children) extents.push_back(expression(*extent));
    return extents;
  }

  void state_line(const Node& node) {
    StateStatement common;
    for (const auto& child : node.children) {
      if (child->is_type<g::shape_part>()) common.shape = shape(*child);
      if (child->is_type<g::state_start>()) common.start = expression(*child->children[0]);
    }
    for (const auto& child : node.children) {
      if (!child->is_type<g::defined_name>()) continue;
      common.name = text(*child);
      common.at = span_of(*child);
      cell_.states.push_back(common);
    }
  }

  static std::optional<ParameterStatement::Structure> structure_of(const Node& option) {
    using enum ParameterStatement::Structure;
    if (option.is_type<g::diagonal>()) return diagonal;
    if (option.is_type<g::skew>()) return skew;
    if (option.is_type<g::orthogonal>()) return orthogonal;
    if (option.is_type<g::orthogonal_exp>()) return orthogonal_exp;
    if (option.is_type<g::low_rank>()) return low_rank;
    if (option.is_type<g::heads>()) return heads;
    return std::nullopt;
  }

  void parameter_option(ParameterStatement& p, const Node& option) const {
    if (const auto structure = structure_of(option)) p.structure = *structure;
    if (option.is_type<g::low_rank>() || option.is_type<g::heads>())
      p.count = expression(*option.children[0]->children[0]);
    if (option.is_type<g::shape_part>()) p.shape = shape(option);
    if (option.is_type<g::init>()) p.init = init(option);
    if (option.is_type<g::bounds>())
      p.bounds = {expression(*option.children[0]), expression(*option.children[1])};
    if (option.is_type<g::rate>()) p.rate = expression(*option.children[0]);
    if (option.is_type<g::fixed>()) p.fixed = true;
  }

  void param_line(const Node& node) {
    ParameterStatement common;
    refuse_repeats(node);
    for (const auto& child : node.children) parameter_option(common, *child);
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

  void refuse_repeats(const Node& param) const {
    int structures = 0, starts = 0, ranges = 0, rates = 0;
    for (const auto& child : param.children) {
      structures += structure_of(*child).has_value();
      starts += child->is_type<g::init>();
      ranges += child->is_type<g::bounds>();
      rates += child->is_type<g::rate>();
      if (structures > 1 || starts > 1 || ranges > 1 || rates > 1)
        throw EquationError(source_, span_of(*child),
                            "a parameter has one structure, one init, one range and one rate");
    }
  }

  InitCall init(const Node& node) const {
    if (node.children[0]->is_type<g::file_call>())
      return {"file", span_of(*node.children[0]), {value_or_file(*node.children[0])}};
    InitCall call{text(*node.children[0]), span_of(*node.children[0]), {}};
    for (std::size_t i = 1; i < node.children.size(); ++i) {
      if (node.children[i]->is_type<g::axis>())
        throw EquationError(source_, span_of(*node.children[i]),
                            "an init has no axis; its arguments are numbers");
      call.arguments.push_back(expression(*node.children[i]));
    }
    return call;
  }

  const Source& source_;
  CellSyntax cell_;
};

}  // namespace

CellSyntax build_syntax(const Source& source, const grammar::Node& root) {
  return SyntaxBuilder(source).cell(root);
}

}  // namespace unroll
