#include "models/language/evaluate.hpp"

#include <cmath>

#include "framework/autodiff/ops.hpp"
#include "models/language/broadcast.hpp"

namespace unroll {
namespace {

using Form = Expression::Kind;
using Structure = ParameterStatement::Structure;

/// Of two numbers (a double), of a number and a value, or of two values.
template <class A, class B>
auto combine(Form kind, A a, B b) {
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

Var identity_matrix(Tape& tape, std::int64_t n) {
  Tensor<double> eye({n, n});
  for (std::int64_t i = 0; i < n; ++i) eye[i * n + i] = 1;
  return tape.constant(std::move(eye));
}

}  // namespace

std::string left_factor(const std::string& name) { return name + "_left"; }
std::string right_factor(const std::string& name) { return name + "_right"; }

Var cayley(Var s) {
  const Var eye = identity_matrix(s.tape(), s.dims()[0].number());
  return solve(eye + s, eye - s);
}

Quantity Evaluator::operator()(const Term& t) const {
  switch (t.kind) {
    case Form::number:
      return {t.number};
    case Form::name:
      return lookup_(t.name, t.next);
    case Form::negate: {
      const Quantity q = (*this)(t.operands[0]);
      return q.is_number() ? Quantity{-q.number} : Quantity{0, -q.var};
    }
    case Form::power:
      return power(t);
    case Form::product:
      return product(t);
    case Form::call:
      return call(t);
    default:
      return elementwise(t);
  }
}

Quantity Evaluator::elementwise(const Term& t) const {
  const Quantity a = (*this)(t.operands[0]), b = (*this)(t.operands[1]);
  if (a.is_number() && b.is_number()) return {combine(t.kind, a.number, b.number)};
  if (a.is_number()) return {0, combine(t.kind, a.number, b.var)};
  if (b.is_number()) return {0, combine(t.kind, a.var, b.number)};
  const Type types[] = {t.operands[0].type, t.operands[1].type};
  const std::vector<Var> v = equally_ranked({a.var, b.var}, types);
  return {0, combine(t.kind, v[0], v[1])};
}

Quantity Evaluator::power(const Term& t) const {
  const Quantity base = (*this)(t.operands[0]), exponent = (*this)(t.operands[1]);
  if (base.is_number() && exponent.is_number()) return {std::pow(base.number, exponent.number)};
  if (exponent.is_number() && exponent.number == 1) return base;
  if (exponent.is_number() && exponent.number == 2) return {0, square(base.var)};
  if (exponent.is_number() && exponent.number == 0.5) return {0, sqrt(base.var)};
  const Type types[] = {t.operands[0].type, t.operands[1].type};
  const std::vector<Var> v = equally_ranked({var(base), var(exponent)}, types);
  return {0, pow(v[0], v[1])};
}

Quantity Evaluator::product(const Term& t) const {
  const Term &left = t.operands[0], &right = t.operands[1];
  const Var b = var((*this)(right));
  const CellDefinition::Parameter* p = left.kind == Form::name ? cell_.find_parameter(left.name) : nullptr;
  const Structure structure = p ? p->statement.structure : Structure::dense;
  const bool vector = right.type.rank() == 1;
  if (structure == Structure::diagonal) {
    const Var d = lookup_(left.name, false).var;
    return {0, vector ? d * b : reshape(d, {d.dims()[0], 1}) * b};
  }
  if (structure == Structure::low_rank) {
    const Type factor{.shape = left.type.shape};
    const Var inner = matrix_product(lookup_(right_factor(left.name), false).var, b, factor, right.type);
    return {0, matrix_product(lookup_(left_factor(left.name), false).var, inner, factor, right.type)};
  }
  return {0, matrix_product(var((*this)(left)), b, left.type, right.type)};
}

Quantity Evaluator::call(const Term& t) const {
  std::vector<Var> values;
  std::vector<Type> types;
  for (const Term& operand : t.operands) {
    values.push_back(var((*this)(operand)));
    types.push_back(operand.type);
  }
  if (!t.function) return {0, activation_(values[0])};
  return {0, t.function->record(values, types)};
}

}  // namespace unroll
