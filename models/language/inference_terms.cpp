#include <fmt/format.h>

#include <algorithm>

#include "models/language/inference.hpp"
#include "models/language/names.hpp"

namespace unroll {

Type Inference::checked(const Term& t, const std::function<Type()>& type) const {
  try {
    return type();
  } catch (const TypeError& error) {
    fail(t.at, fmt::format("{}: {}{}", error.what(), operand_shapes(t), origins(t)));
  }
}

Term Inference::term(const Expression& e) {
  if (++terms_ > most_terms)
    fail(e.at, fmt::format("the cell is larger than {} values and operators; is it meant for `repeat`?",
                           most_terms));
  switch (e.kind) {
    case Form::number:
      return {.kind = e.kind, .type = {.constant = true}, .at = e.at, .number = e.number};
    case Form::name:
      return name(e);
    case Form::negate:
      return negation(e);
    case Form::power:
      return power(e);
    case Form::product:
      return product(e);
    case Form::subscript:
      return subscript(e);
    case Form::call:
      return call(e);
    default:
      return elementwise(e);
  }
}

/// A term with its operands checked; its type is still to be set.
Term Inference::operation(const Expression& e) {
  Term t{.kind = e.kind, .type = {}, .at = e.at, .name = e.name, .axis = e.axis};
  for (const Expression& operand : e.operands) {
    t.operands.push_back(term(operand));
    if (t.operands.back().type.only_product && e.kind != Form::product)
      fail(operand.at, only_product_text(operand.name));
  }
  return t;
}

Term Inference::name(const Expression& e) {
  Term t{.kind = e.kind, .type = {}, .at = e.at, .name = e.name, .next = e.next};
  if (!scopes_.empty() && !e.next)
    if (const auto bound = scopes_.back().find(e.name); bound != scopes_.back().end()) t.name = bound->second;
  const std::string shown = e.next ? e.name + "'" : t.name;
  used_.insert(e.name);
  const CellDefinition::Constant* constant = cell_.find_constant(t.name);
  if (const auto known = types_.find(shown); known != types_.end())
    t.type = known->second;
  else if (constant)
    t.type = {.constant = true};
  else if (const auto type = e.next ? std::nullopt : given(e.name))
    t.type = *type;
  else
    t.type = infer_parameter(e, shown);
  return t;
}

/// What every step is given; a cell may call something of its own `step`, `first` or `noise` instead.
std::optional<Type> Inference::given(const std::string& name) {
  if (name == "x") return Type{.shape = {Size::named("input")}, .batched = true, .from_input = true};
  if (name == "hidden" || name == "input" || name == "pi") return Type{.constant = true};
  if (std::ranges::find(syntax_.equations, name, &Equation::name) != syntax_.equations.end())
    return std::nullopt;
  if (name == "step" || name == "first") {
    cell_.counts_steps = true;
    return Type{.batched = true};
  }
  if (name == "noise" || name == "training_noise") {
    cell_.noisy = true;
    return Type{.shape = {Size::named("hidden")}, .batched = true};
  }
  return std::nullopt;
}

Type Inference::infer_parameter(const Expression& e, const std::string& shown) {
  for (const Equation& later : syntax_.equations)
    if (later.name == e.name && later.next == e.next)
      fail(e.at, fmt::format("{} is used before it is defined, in line {}", shown, line(later.at)));
  if (e.next) fail(e.at, unknown_next(e.name));
  const bool function =
      functions_.find(e.name) || e.name == "act" ||
      std::ranges::find(syntax_.definitions, e.name, &DefStatement::name) != syntax_.definitions.end();
  if (function)
    fail(e.at, fmt::format("{} is a function; it is called with parentheses: {}(...)", e.name, e.name));
  if (in_array_)
    fail(e.at, fmt::format("{} is no constant; the elements of a constant are made of numbers, "
                           "constants defined before and the indices i and j",
                           e.name));
  const bool matrix = is_matrix_name(e.name), vector = is_vector_name(e.name);
  if (!matrix && !vector) fail(e.at, unknown_name(e.name));
  define(e.name, e.at, "parameter");
  CellDefinition::Parameter parameter;
  parameter.statement.name = e.name;
  parameter.statement.at = e.at;
  parameter.shape = unknown_shape(matrix ? 2 : 1);
  add_parameter(std::move(parameter));
  return types_.at(e.name);
}

Term Inference::negation(const Expression& e) {
  Term t = operation(e);
  t.type = t.operands[0].type;
  return t;
}

Term Inference::elementwise(const Expression& e) {
  Term t = operation(e);
  static const std::map<Form, std::string_view> names = {
      {Form::add, "+"},    {Form::subtract, "-"},    {Form::multiply, "*"}, {Form::divide, "/"},
      {Form::less, "<"},   {Form::less_equal, "<="}, {Form::greater, ">"},  {Form::greater_equal, ">="},
      {Form::equal, "=="}, {Form::not_equal, "!="}};
  t.type = checked(
      t, [&] { return elementwise_type(t.operands[0].type, t.operands[1].type, names.at(e.kind), sizes_); });
  return t;
}

Term Inference::power(const Expression& e) {
  const Expression& by = e.operands[1];
  if (by.kind == Form::name && by.name == "T" && !types_.contains("T") && !cell_.find_constant("T"))
    fail(e.at, fmt::format("the transpose of {0} is written transpose({0})", source_text(e.operands[0])));
  Term t = operation(e);
  t.type = checked(t, [&] { return elementwise_type(t.operands[0].type, t.operands[1].type, "^", sizes_); });
  return t;
}

Term Inference::product(const Expression& e) {
  Term t = operation(e);
  Type &left = t.operands[0].type, &right = t.operands[1].type;
  if (left.rank() != 2)
    fail(e.operands[0].at,
         fmt::format("on the left of a product stands a matrix, not {}; write * between what is "
                     "multiplied element by element",
                     describe(left, sizes_)));
  if (right.only_product) fail(e.operands[1].at, only_product_text(t.operands[1].name));
  const CellDefinition::Parameter* p = cell_.find_parameter(t.operands[0].name);
  if (p && p->statement.structure == Structure::heads && right.rank() == 2)
    fail(e.operands[1].at, fmt::format("{} has heads; it is applied to vectors", p->statement.name));
  if (right.rank() == 0) fail(e.operands[1].at, "a matrix times a number is written with *");
  if (!sizes_.unify(left.shape[1], right.shape[0]))
    fail(e.at, fmt::format("a product needs as many columns as the right side has rows: {} is {}, {} is {}{}",
                           source_text(e.operands[0]), describe(left, sizes_), source_text(e.operands[1]),
                           describe(right, sizes_), origins(t)));
  std::vector<Size> shape = {left.shape[0]};
  if (right.rank() == 2) shape.push_back(right.shape[1]);
  t.type = joined(left, right, std::move(shape));
  if (right.from_state) apply_to_state(t.operands[0]);
  return t;
}

/// Marks the parameters that a matrix on the left of a state is made of, through the values that it names.
void Inference::apply_to_state(const Term& t) {
  if (t.kind == Form::name) apply_to_state(t.name);
  for (const Term& operand : t.operands) apply_to_state(operand);
}

void Inference::apply_to_state(const std::string& name) {
  if (!applied_.insert(name).second) return;
  for (CellDefinition::Parameter& p : cell_.parameters)
    if (p.statement.name == name) p.applied_to_state = true;
  if (const auto* equation = cell_.find_equation(name, false)) apply_to_state(equation->value);
}

Term::Cut Inference::cut(const Expression& range, const Size& extent) {
  const auto place = [&](const Expression& e) {
    const Size given = size(e);
    const auto number = given.number();
    return number && *number < Size::Ratio(0) ? extent + given : given;
  };
  if (range.single) return {place(range.operands[0]), Size::of(1), true};
  const Size begin = range.has_begin ? place(range.operands[0]) : Size{};
  const Size end = range.has_end ? place(range.operands.back()) : extent;
  return {begin, end - begin, false};
}

Term Inference::subscript(const Expression& e) {
  Term t{.kind = e.kind, .type = {}, .at = e.at};
  t.operands.push_back(term(e.operands[0]));
  const Type& of = t.operands[0].type;
  if (of.only_product) fail(e.operands[0].at, only_product_text(t.operands[0].name));
  if (of.rank() != e.operands.size() - 1)
    fail(e.at,
         fmt::format("{} is {}, so it has {} axes to take a part of, not {}", source_text(e.operands[0]),
                     describe(of, sizes_), of.rank(), e.operands.size() - 1));
  std::vector<Size> shape;
  for (std::size_t i = 0; i < of.rank(); ++i) {
    const Size extent = sizes_.resolve(of.shape[i]);
    if (!sizes_.known(extent))
      fail(e.at, fmt::format("the size of {} is not known here; declare it", source_text(e.operands[0])));
    t.cuts.push_back(cut(e.operands[i + 1], extent));
    if (const auto n = t.cuts.back().length.number(); n && *n < Size::Ratio(1))
      fail(e.operands[i + 1].at, "this range is empty: it is BEGIN:END, from 0, without the element END");
    if (!t.cuts.back().drops) shape.push_back(t.cuts.back().length);
  }
  t.type = of;
  t.type.shape = std::move(shape);
  return t;
}

Term Inference::activation(Term t, const Expression& e) {
  cell_.uses_activation = true;
  if (e.operands.size() != 1) fail(e.at, fmt::format("act takes 1 value, not {}", e.operands.size()));
  t.type = t.operands[0].type;
  t.type.constant = false;
  return t;
}

Term Inference::call(const Expression& e) {
  const auto d = std::ranges::find(syntax_.definitions, e.name, &DefStatement::name);
  if (d != syntax_.definitions.end()) return call_of_definition(*d, e);
  Term t = operation(e);
  if (e.name == "act") return activation(std::move(t), e);
  t.function = functions_.find(e.name);
  const Function& f = *t.function;
  if (e.operands.size() < f.least || e.operands.size() > f.most) fail(e.at, arity_text(f, e.operands.size()));
  if (e.axis && !f.axis) fail(e.at, fmt::format("{} has no axis: {}", f.name, f.signature));
  std::vector<Type> types;
  std::vector<std::optional<Size>> extents;
  for (std::size_t i = 0; i < e.operands.size(); ++i) {
    types.push_back(t.operands[i].type);
    extents.push_back(std::nullopt);
    if (types[i].constant && types[i].rank() == 0) try {
        extents[i] = size(e.operands[i]);
      } catch (const EquationError&) {  // a number, but no size
      }
  }
  if (t.axis == -1) t.axis = types[0].rank() == 2 ? 1 : 0;
  t.type = checked(t, [&] { return f.type({types, extents, t.axis, sizes_}); });
  return t;
}

/// What the definition says, with what it is given in place of its parameters: they get names of their own,
/// so that a definition in a definition means its own.
Term Inference::call_of_definition(const DefStatement& d, const Expression& e) {
  if (std::ranges::find(calling_, &d) != calling_.end())
    fail(e.at, fmt::format("{} calls itself, without an end", d.name));
  if (e.operands.size() != d.parameters.size())
    fail(e.at, fmt::format("{} takes {} value{}, not {}", d.name, d.parameters.size(),
                           d.parameters.size() == 1 ? "" : "s", e.operands.size()));
  if (e.axis) fail(e.at, fmt::format("{} has no axis", d.name));
  used_.insert(d.name);
  Term t = operation(e);
  std::map<std::string, std::string> scope;
  ++calls_;
  for (std::size_t i = 0; i < d.parameters.size(); ++i) {
    t.bound.push_back(fmt::format("{}.{}", d.parameters[i], calls_));
    scope[d.parameters[i]] = t.bound.back();
    types_[t.bound.back()] = t.operands[i].type;
  }
  scopes_.push_back(std::move(scope));
  calling_.push_back(&d);
  t.operands.push_back(term(d.value));
  calling_.pop_back();
  scopes_.pop_back();
  for (const std::string& name : t.bound) types_.erase(name);
  t.type = t.operands.back().type;
  return t;
}

}  // namespace unroll
