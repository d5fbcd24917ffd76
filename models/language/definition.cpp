#include "models/language/definition.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace unroll {
namespace {

using Form = Expression::Kind;
using Structure = ParameterStatement::Structure;

std::string canonical(const Expression& e);

std::string canonical(const std::vector<Expression>& list) {
  std::vector<std::string> parts;
  for (const Expression& e : list) parts.push_back(canonical(e));
  return fmt::format("{}", fmt::join(parts, ", "));
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
    case Form::product:
      return binary("@");
    case Form::call:
      break;
  }
  return fmt::format("{}({})", e.name == "σ" ? "sigmoid" : e.name, canonical(e.operands));
}

std::string_view structure_name(Structure structure) {
  constexpr std::string_view names[] = {"", "diagonal", "skew", "orthogonal", "low_rank"};
  return names[static_cast<std::size_t>(structure)];
}

std::string canonical(const StateStatement& s) {
  return fmt::format("state {}: ({}) = {}\n", s.name, s.shape ? canonical(*s.shape) : "hidden",
                     s.start ? canonical(*s.start) : "0");
}

std::string canonical(const ParameterStatement& p) {
  std::string line = "param " + p.name;
  if (p.shape) line += fmt::format(": ({})", canonical(*p.shape));
  if (p.structure != Structure::dense) line += fmt::format(" {}", structure_name(p.structure));
  if (p.rank) line += fmt::format("({})", canonical(*p.rank));
  if (p.init) line += fmt::format(" init {}({})", p.init->name, canonical(p.init->arguments));
  if (!p.bounds.empty()) line += fmt::format(" in [{}]", canonical(p.bounds));
  return line + (p.fixed ? " fixed\n" : "\n");
}

}  // namespace

std::string canonical_text(const CellSyntax& cell) {
  std::string text = fmt::format("cell {}\n", cell.name);
  for (const ConstStatement& c : cell.constants)
    text += fmt::format("const {} = {}\n", c.name, canonical(c.value));
  for (const StateStatement& s : cell.states) text += canonical(s);
  for (const ParameterStatement& p : cell.parameters) text += canonical(p);
  for (const Equation& e : cell.equations)
    text += fmt::format("{}{} = {}\n", e.name, e.next ? "'" : "", canonical(e.value));
  return text;
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

bool CellDefinition::has_constant(std::string_view wanted) const {
  return std::ranges::find(constants, wanted, &Constant::name) != constants.end();
}

std::string CellDefinition::text(const Equation& equation) const {
  return std::string(source.text({equation.at.begin, equation.value.at.end}));
}

}  // namespace unroll
