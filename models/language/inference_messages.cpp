#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "models/language/inference.hpp"
#include "models/nearest.hpp"

namespace unroll {

std::string Inference::only_product_text(std::string_view name) {
  return fmt::format("{} is stored as less than a matrix; it can only stand on the left of a product", name);
}

std::string Inference::arity_text(const Function& f, std::size_t found) {
  const std::string expected = f.most == Function::any_number ? fmt::format("at least {}", f.least)
                               : f.least == f.most            ? std::to_string(f.least)
                                                              : fmt::format("{} to {}", f.least, f.most);
  return fmt::format("{} takes {} value{}, not {}: {}", f.name, expected, f.most == 1 ? "" : "s", found,
                     f.signature);
}

std::string Inference::unknown_next(const std::string& name) const {
  if (cell_.find_state(name)) return fmt::format("{}' has no equation", name);
  return fmt::format("{} is no state: only a state has a value after the step, {}'", name, name);
}

std::string Inference::unknown_name(const std::string& name) const {
  std::vector<std::string> functions = functions_.names();
  for (const DefStatement& d : syntax_.definitions) functions.push_back(d.name);
  functions.push_back("act");
  std::vector<std::string> known = functions;
  known.push_back("x");
  for (const auto& [other, type] : types_)
    if (!other.ends_with('\'')) known.push_back(other);
  for (const CellDefinition::Constant& c : cell_.constants) known.push_back(c.name);
  // Any letter is near to any other.
  const std::optional<std::string> guess = name.size() > 1 ? nearest(name, known) : std::nullopt;
  if (!guess)
    return fmt::format(
        "{} is unknown; a parameter starts with an upper-case letter (a matrix), is b, or "
        "starts with b_ or w_ (a vector), or is declared by `param {}: SHAPE`",
        name, name);
  const bool function = std::ranges::find(functions, *guess) != functions.end();
  return fmt::format("{} is unknown; did you mean {}{}?", name, function ? "the function " : "", *guess);
}

std::string Inference::operand_shapes(const Term& t) const {
  std::vector<std::string> parts;
  for (const Term& operand : t.operands) {
    std::string part = fmt::format("{} is {}", cell_.source.text(operand.at), describe(operand.type, sizes_));
    if (std::ranges::find(parts, part) == parts.end()) parts.push_back(std::move(part));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

/// "; W_f is a matrix (hidden, input), by line 3", for the inferred parameters below a term.
std::string Inference::origins(const Term& t) const {
  std::set<std::string> names;
  collect_names(t, names);
  std::string text;
  for (const CellDefinition::Parameter& p : cell_.parameters) {
    const std::string& name = p.statement.name;
    if (!names.contains(name)) continue;
    text += fmt::format("; {} is {}", name, describe({.shape = p.shape}, sizes_));
    if (!p.inferred) text += fmt::format(" as declared in line {}", line(p.statement.at));
    for (const Size& size : p.shape)
      if (const auto at = sizes_.solved_at(size); p.inferred && at) {
        text += fmt::format(" by its use in line {}", line(*at));
        break;
      }
  }
  for (const CellDefinition::Equation& e : cell_.equations)
    if (!e.next && names.contains(e.name))
      text += fmt::format("; {} is {}, of line {}", e.name, describe(e.value.type, sizes_), line(e.at));
  return text;
}

void collect_names(const Term& t, std::set<std::string>& names) {
  if (t.kind == Expression::Kind::name) names.insert(t.name);
  for (const Term& operand : t.operands) collect_names(operand, names);
}

}  // namespace unroll
