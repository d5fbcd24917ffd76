#include "models/language/evaluate.hpp"

#include <algorithm>
#include <cmath>

#include "framework/autodiff/ops.hpp"
#include "models/language/broadcast.hpp"
#include "models/language/equation_cell.hpp"

namespace unroll {
namespace {

using Form = Expression::Kind;
using Structure = ParameterStatement::Structure;

/// Of two numbers (a double), of a number and a value, or of two values.
template <class A, class B>
auto arithmetic(Form kind, A a, B b) {
  switch (kind) {
    case Form::add:
      return a + b;
    case Form::subtract:
      return a - b;
    case Form::multiply:
      return a * b;
    default:
      return a / b;
  }
}

bool is_arithmetic(Form kind) {
  return kind == Form::add || kind == Form::subtract || kind == Form::multiply || kind == Form::divide;
}

double less(double a, double b) { return a < b; }
double less_equal(double a, double b) { return a <= b; }
double greater(double a, double b) { return a > b; }
double greater_equal(double a, double b) { return a >= b; }
double equal(double a, double b) { return a == b; }
double not_equal(double a, double b) { return a != b; }

template <class A>
auto comparison(Form kind, A a, A b) {
  switch (kind) {
    case Form::less:
      return less(a, b);
    case Form::less_equal:
      return less_equal(a, b);
    case Form::greater:
      return greater(a, b);
    case Form::greater_equal:
      return greater_equal(a, b);
    case Form::equal:
      return equal(a, b);
    default:
      return not_equal(a, b);
  }
}

}  // namespace

std::string left_factor(const std::string& name) { return name + ".left"; }
std::string right_factor(const std::string& name) { return name + ".right"; }

Quantity EquationEvaluator::operator()(const Term& t) {
  const Quantity q = value(t);
  if (bound_.empty()) recorded_.insert_or_assign(&t, q);
  if (hooks_.term) hooks_.term(t, q);
  return q;
}

Quantity EquationEvaluator::value(const Term& t) {
  switch (t.kind) {
    case Form::number:
      return {t.number};
    case Form::name:
      return name(t);
    case Form::negate: {
      const Quantity q = (*this)(t.operands[0]);
      return q.is_number() ? Quantity{-q.number} : Quantity{0, -q.var};
    }
    case Form::product:
      return product(t);
    case Form::subscript:
      return subscript(t);
    case Form::call:
      return call(t);
    default:
      return elementwise(t);
  }
}

Quantity EquationEvaluator::name(const Term& t) {
  if (const auto bound = bound_.find(t.name); bound != bound_.end()) return bound->second;
  return lookup_(t.name, t.next, t.type);
}

Quantity EquationEvaluator::elementwise(const Term& t) {
  const Quantity a = (*this)(t.operands[0]), b = (*this)(t.operands[1]);
  return t.kind == Form::power ? power(t, a, b) : combined(t.kind, t, a, b);
}

Quantity EquationEvaluator::combined(Form kind, const Term& t, const Quantity& a, const Quantity& b) const {
  const bool both = a.is_number() && b.is_number();
  if (both && is_arithmetic(kind)) return {arithmetic(kind, a.number, b.number)};
  if (both) return {comparison(kind, a.number, b.number)};
  if (is_arithmetic(kind) && a.is_number()) return {0, arithmetic(kind, a.number, b.var)};
  if (is_arithmetic(kind) && b.is_number()) return {0, arithmetic(kind, a.var, b.number)};
  const Type types[] = {t.operands[0].type, t.operands[1].type};
  const std::vector<Var> v = equally_ranked(std::vector{var(a), var(b)}, types);
  return {0, is_arithmetic(kind) ? arithmetic(kind, v[0], v[1]) : comparison(kind, v[0], v[1])};
}

Quantity EquationEvaluator::power(const Term& t, const Quantity& base, const Quantity& exponent) const {
  if (base.is_number() && exponent.is_number()) return {std::pow(base.number, exponent.number)};
  if (exponent.is_number() && exponent.number == 1) return base;
  if (exponent.is_number() && exponent.number == 2) return {0, square(base.var)};
  if (exponent.is_number() && exponent.number == 0.5) return {0, sqrt(base.var)};
  const Type types[] = {t.operands[0].type, t.operands[1].type};
  const std::vector<Var> v = equally_ranked(std::vector{var(base), var(exponent)}, types);
  return {0, pow(v[0], v[1])};
}

Quantity EquationEvaluator::product(const Term& t) {
  const Term &left = t.operands[0], &right = t.operands[1];
  const Var b = var((*this)(right));
  const CellDefinition::Parameter* p =
      left.kind == Form::name ? cell_.definition().find_parameter(left.name) : nullptr;
  if (p && left.type.only_product) return {0, structured_product(*p, t, b)};
  return {0, matrix_product(var((*this)(left)), b, left.type, right.type)};
}

Var EquationEvaluator::structured_product(const CellDefinition::Parameter& p, const Term& t, Var right) {
  const Type &type = t.operands[1].type, factor{.shape = t.operands[0].type.shape};
  const std::string& name = p.statement.name;
  if (p.statement.structure == Structure::low_rank) {
    const Var inner = matrix_product(lookup_(right_factor(name), false, factor).var, right, factor, type);
    return matrix_product(lookup_(left_factor(name), false, factor).var, inner, factor, type);
  }
  const Var stored = lookup_(name, false, factor).var;
  if (p.statement.structure == Structure::heads)
    return product_by_heads(stored, right, cell_.count(p), type.batched);
  return type.rank() == 1 ? stored * right : column_of(stored) * right;
}

Quantity EquationEvaluator::subscript(const Term& t) {
  const Term& of = t.operands[0];
  Var v = var((*this)(of));
  Dims dims;
  if (of.type.batched) dims.push_back(v.dims()[0]);
  for (std::size_t i = 0; i < t.cuts.size(); ++i) {
    const std::int64_t begin = cell_.extent(t.cuts[i].begin), length = cell_.extent(t.cuts[i].length);
    v = slice(v, static_cast<std::int64_t>(i + of.type.batched), begin, length);
    if (!t.cuts[i].drops) dims.push_back(length);
  }
  return {0, t.type.rank() == 0 ? as_number(reshape(v, dims), of.type.batched) : reshape(v, dims)};
}

Quantity EquationEvaluator::call(const Term& t) {
  if (!t.bound.empty()) return call_of_definition(t);
  if (t.function && t.function->chooses) return where(t);
  std::vector<Quantity> operands;
  for (const Term& operand : t.operands) operands.push_back((*this)(operand));
  return applied(t, operands);
}

Quantity EquationEvaluator::applied(const Term& t, const std::vector<Quantity>& operands) const {
  std::vector<Var> values;
  std::vector<Type> types;
  std::vector<double> numbers;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    values.push_back(var(operands[i]));
    types.push_back(t.operands[i].type);
    numbers.push_back(operands[i].number);
  }
  if (!t.function) return {0, cell_.activation()(values[0])};
  return {0, t.function->record({values, types, numbers, t.axis, hooks_.gradient, t.at})};
}

Quantity EquationEvaluator::call_of_definition(const Term& t) {
  for (std::size_t i = 0; i < t.bound.size(); ++i) bound_[t.bound[i]] = (*this)(t.operands[i]);
  const Quantity result = (*this)(t.operands.back());
  for (const std::string& name : t.bound) bound_.erase(name);
  return result;
}

// ---- where
//
// A gradient that a branch does not take is 0 where it enters the branch, but 0 times the infinite derivative
// of sqrt(0) further inside is NaN. So what goes into a branch that could make one lets gradients out only
// where the branch is taken. This reaches through values that are made element by element: what they are made
// of is recorded once more, for this branch alone.

Quantity EquationEvaluator::where(const Term& t) {
  const Quantity condition = (*this)(t.operands[0]);
  if (condition.is_number()) return (*this)(t.operands[condition.number != 0 ? 1 : 2]);
  const Type types[] = {t.operands[0].type, t.type};
  const Var ranked = equally_ranked(std::vector{condition.var, condition.var}, types)[0];
  std::vector<Quantity> operands = {condition};
  for (const std::size_t i : {1u, 2u}) {
    const Term& branch = t.operands[i];
    operands.push_back(may_fail(branch) ? guarded(branch, {ranked, i == 1, t.type}) : (*this)(branch));
  }
  return applied(t, operands);
}

/// Only elementwise functions are looked into: the others mix what belongs to different conditions.
bool EquationEvaluator::may_fail(const Term& t) {
  if (t.kind == Form::divide || t.kind == Form::power) return true;
  if (t.kind == Form::call && t.function && !t.function->pole.empty()) return true;
  if (const Term* inside = elementwise_equation(t)) return may_fail(*inside);
  return std::ranges::any_of(t.operands, [&](const Term& operand) { return may_fail(operand); });
}

/// What the value of that name is made of, where that is done element by element.
const Term* EquationEvaluator::elementwise_equation(const Term& name) const {
  if (name.kind != Form::name || name.next || bound_.contains(name.name)) return nullptr;
  const CellDefinition& cell = cell_.definition();
  const auto* equation = cell.find_equation(name.name, false);
  if (!equation || cell.is_repeated(name.name)) return nullptr;
  const Form kind = equation->value.kind;
  const bool call = kind == Form::call && equation->value.bound.empty() &&
                    (!equation->value.function || equation->value.function->elementwise);
  const bool none = kind == Form::product || kind == Form::subscript || (kind == Form::call && !call);
  return none ? nullptr : &equation->value;
}

Quantity EquationEvaluator::guarded(const Term& t, const Guard& guard) {
  if (const Term* inside = elementwise_equation(t); inside && may_fail(*inside))
    return guarded(*inside, guard);
  if (!t.bound.empty()) {
    for (std::size_t i = 0; i < t.bound.size(); ++i) bound_[t.bound[i]] = guarded(t.operands[i], guard);
    const Quantity result = guarded(t.operands.back(), guard);
    for (const std::string& name : t.bound) bound_.erase(name);
    return result;
  }
  const bool call =
      t.kind == Form::call && (!t.function || (t.function->elementwise && t.operands.size() > 0));
  const bool reduces = t.axis || (t.operands.size() == 1 && t.type.rank() != t.operands[0].type.rank());
  const bool leaf = t.operands.empty() || t.kind == Form::product || t.kind == Form::subscript || reduces ||
                    (t.kind == Form::call && !call);
  if (leaf) {
    const auto before = recorded_.find(&t);
    return masked(before == recorded_.end() ? (*this)(t) : before->second, t.type, guard);
  }
  std::vector<Quantity> operands;
  for (const Term& operand : t.operands) operands.push_back(guarded(operand, guard));
  if (call) return applied(t, operands);
  if (t.kind == Form::negate)
    return operands[0].is_number() ? Quantity{-operands[0].number} : Quantity{0, -operands[0].var};
  if (t.kind == Form::power) return power(t, operands[0], operands[1]);
  return combined(t.kind, t, operands[0], operands[1]);
}

/// The value as it is, spread over the elements of the result, so that each has a condition of its own.
Quantity EquationEvaluator::masked(const Quantity& q, const Type& type, const Guard& guard) const {
  if (q.is_number()) return q;
  const Type types[] = {type, guard.type};
  const Var v = equally_ranked(std::vector{q.var, guard.condition}, types)[0];
  const Var constant = stop_gradient(v);
  return {0, guard.taken ? unroll::where(guard.condition, v, constant)
                         : unroll::where(guard.condition, constant, v)};
}

}  // namespace unroll
