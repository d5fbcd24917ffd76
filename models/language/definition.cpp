#include "models/language/definition.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace unroll {
namespace {

using Form = Expression::Kind;
using Structure = ParameterStatement::Structure;

std::string canonical(const Expression& e);

std::string canonical(std::span<const Expression> list) {
  std::vector<std::string> parts;
  for (const Expression& e : list) parts.push_back(canonical(e));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string range_text(const Expression& e) {
  if (e.single) return canonical(e.operands[0]);
  return fmt::format("{}:{}", e.has_begin ? canonical(e.operands[0]) : "",
                     e.has_end ? canonical(e.operands.back()) : "");
}

/// With every parenthesis, so that how it is read needs no rules.
std::string canonical(const Expression& e) {
  const auto binary = [&](std::string_view sign) {
    return fmt::format("({} {} {})", canonical(e.operands[0]), sign, canonical(e.operands[1]));
  };
  switch (e.kind) {
    case Form::number:
      return fmt::format("{}", e.number);
    case Form::name:
      return e.next ? e.name + "'" : e.name;
    case Form::negate:
      return fmt::format("(-{})", canonical(e.operands[0]));
    case Form::add:
      return binary("+");
    case Form::subtract:
      return binary("-");
    case Form::multiply:
      return binary("*");
    case Form::divide:
      return binary("/");
    case Form::power:
      return binary("^");
    case Form::less:
      return binary("<");
    case Form::less_equal:
      return binary("<=");
    case Form::greater:
      return binary(">");
    case Form::greater_equal:
      return binary(">=");
    case Form::equal:
      return binary("==");
    case Form::not_equal:
      return binary("!=");
    case Form::product:
      return binary("@");
    case Form::subscript:
      return fmt::format("{}[{}]", canonical(e.operands[0]), canonical(std::span(e.operands).subspan(1)));
    case Form::range:
      return range_text(e);
    case Form::file:
      return e.name;
    case Form::call:
      break;
  }
  return fmt::format("{}({}{})", e.name == "σ" ? "sigmoid" : e.name, canonical(e.operands),
                     e.axis ? fmt::format(", axis={}", *e.axis) : "");
}

std::string_view structure_name(Structure structure) {
  constexpr std::string_view names[] = {"",         "diagonal", "skew", "orthogonal", "orthogonal_exp",
                                        "low_rank", "heads"};
  return names[static_cast<std::size_t>(structure)];
}

std::string canonical(const StateStatement& s) {
  return fmt::format("state {}: ({}) = {}\n", s.name, s.shape ? canonical(*s.shape) : "hidden",
                     s.start ? canonical(*s.start) : "0");
}

/// Of the array of a file: its numbers.
std::string canonical(const Expression& e, const FileArrays& files) {
  return e.kind == Form::file ? "file " + array_text(*files.at(e.name)) : canonical(e);
}

std::string canonical(const ParameterStatement& p, const FileArrays& files) {
  std::string line = "param " + p.name;
  if (p.shape) line += fmt::format(": ({})", canonical(*p.shape));
  if (p.structure != Structure::dense) line += fmt::format(" {}", structure_name(p.structure));
  if (p.count) line += fmt::format("({})", canonical(*p.count));
  const bool from_file = p.init && p.init->from_file();
  if (from_file) line += fmt::format(" init {}", canonical(p.init->arguments[0], files));
  if (p.init && !from_file) line += fmt::format(" init {}({})", p.init->name, canonical(p.init->arguments));
  if (!p.bounds.empty()) line += fmt::format(" in [{}]", canonical(p.bounds));
  if (p.rate) line += fmt::format(" rate {}", canonical(*p.rate));
  return line + (p.fixed ? " fixed\n" : "\n");
}

template <class Predicate>
bool anywhere(const Term& t, Predicate is) {
  return is(t) || std::ranges::any_of(t.operands, [&](const Term& operand) { return anywhere(operand, is); });
}

}  // namespace

std::string canonical_text(const CellSyntax& cell, const FileArrays& files) {
  std::string text = fmt::format("cell {}\n", cell.name);
  if (cell.context) text += fmt::format("input {}\n", cell.context->name);
  if (cell.feedback) text += fmt::format("feedback {}\n", cell.feedback->name);
  for (const ConstStatement& c : cell.constants)
    text += fmt::format("const {}{} = {}\n", c.name,
                        c.shape ? fmt::format(": ({})", canonical(*c.shape)) : "", canonical(c.value, files));
  for (const DefStatement& d : cell.definitions)
    text += fmt::format("def {}({}) = {}\n", d.name, fmt::join(d.parameters, ", "), canonical(d.value));
  for (const StateStatement& s : cell.states) text += canonical(s);
  for (const ParameterStatement& p : cell.parameters) text += canonical(p, files);
  for (const RepeatStatement& r : cell.repeats)
    text += fmt::format("repeat {}: {} to {}\n", canonical(r.count), r.begin, r.end);
  for (const Equation& e : cell.equations)
    text += fmt::format("{}{} = {}\n", e.name, e.next ? "'" : "", canonical(e.value));
  return text;
}

std::vector<Expression> file_references(const CellSyntax& cell) {
  std::vector<Expression> all;
  for (const ConstStatement& c : cell.constants)
    if (c.value.kind == Form::file) all.push_back(c.value);
  for (const ParameterStatement& p : cell.parameters)
    if (p.init && p.init->from_file()) all.push_back(p.init->arguments[0]);
  return all;
}

const CellDefinition::Parameter* CellDefinition::find_parameter(std::string_view wanted) const {
  const auto found =
      std::ranges::find_if(parameters, [&](const Parameter& p) { return p.statement.name == wanted; });
  return found == parameters.end() ? nullptr : &*found;
}

const CellDefinition::State* CellDefinition::find_state(std::string_view wanted) const {
  const auto found = std::ranges::find(states, wanted, &State::name);
  return found == states.end() ? nullptr : &*found;
}

const CellDefinition::Equation* CellDefinition::find_equation(std::string_view wanted, bool next) const {
  const auto found =
      std::ranges::find_if(equations, [&](const Equation& e) { return e.name == wanted && e.next == next; });
  return found == equations.end() ? nullptr : &*found;
}

const CellDefinition::Constant* CellDefinition::find_constant(std::string_view wanted) const {
  const auto found = std::ranges::find(constants, wanted, &Constant::name);
  return found == constants.end() ? nullptr : &*found;
}

std::string CellDefinition::whole_text() const { return with_file_lines(source.text(), files); }

bool CellDefinition::declares_gradients() const {
  return std::ranges::any_of(equations, [](const Equation& e) {
    return anywhere(e.value, [](const Term& t) { return t.function && t.function->declares; });
  });
}

std::string_view CellDefinition::gradient_note() const {
  if (!declares_gradients()) return "";
  return "its gradient is declared, by stop_gradient or surrogate, and not that of its equations";
}

bool CellDefinition::is_repeated(std::string_view wanted) const {
  return std::ranges::any_of(repeats, [&](const Repeat& r) {
    return std::any_of(equations.begin() + static_cast<std::ptrdiff_t>(r.begin),
                       equations.begin() + static_cast<std::ptrdiff_t>(r.end),
                       [&](const Equation& e) { return e.name == wanted; });
  });
}

std::string CellDefinition::text(const Equation& equation) const {
  return std::string(source.text({equation.at.begin, equation.value.at.end}));
}

}  // namespace unroll
