#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "framework/autodiff/op.hpp"
#include "framework/tensor/kernels.hpp"
#include "models/language/definition.hpp"

namespace unroll {
namespace {

using Form = Expression::Kind;

/// A function by the kernel that computes it for one element.
double call(const Expression& e, const std::vector<double>& operands, const Source& source) {
  const auto& kernels = unroll::kernels<double>();
  double result = 0;
  for (const Op* op : op_table()) {
    if (op->name != e.name || op->element.form != ElementKernel::Form::unary || operands.size() != 1)
      continue;
    kernels.unary[op->element.index](operands.data(), &result, 1);
    return result;
  }
  if (operands.size() == 2 && e.name == "max") return std::max(operands[0], operands[1]);
  if (operands.size() == 2 && e.name == "min") return std::min(operands[0], operands[1]);
  if (operands.size() == 3 && e.name == "where") return operands[0] != 0 ? operands[1] : operands[2];
  throw EquationError(source, e.at,
                      fmt::format("a number is expected here; {} of {} value{} is not known for numbers",
                                  e.name, operands.size(), operands.size() == 1 ? "" : "s"));
}

bool is_integer(const Expression& e) {
  return e.kind == Form::number && e.number == std::floor(e.number) && e.number < 1e9;
}

}  // namespace

double constant_value(const Expression& e, const Source& source,
                      const std::function<std::optional<double>(std::string_view)>& lookup) {
  const auto operand = [&](std::size_t i) { return constant_value(e.operands[i], source, lookup); };
  switch (e.kind) {
    case Form::number:
      return e.number;
    case Form::name:
      if (const auto value = lookup(e.name); value && !e.next) return *value;
      throw EquationError(source, e.at,
                          fmt::format("a number is expected here, of numbers, constants defined before, "
                                      "hidden and input; {} is none of them",
                                      e.name));
    case Form::negate:
      return -operand(0);
    case Form::add:
      return operand(0) + operand(1);
    case Form::subtract:
      return operand(0) - operand(1);
    case Form::multiply:
      return operand(0) * operand(1);
    case Form::divide:
      return operand(0) / operand(1);
    case Form::power:
      return std::pow(operand(0), operand(1));
    case Form::less:
      return operand(0) < operand(1);
    case Form::less_equal:
      return operand(0) <= operand(1);
    case Form::greater:
      return operand(0) > operand(1);
    case Form::greater_equal:
      return operand(0) >= operand(1);
    case Form::equal:
      return operand(0) == operand(1);
    case Form::not_equal:
      return operand(0) != operand(1);
    case Form::call: {
      std::vector<double> operands;
      for (std::size_t i = 0; i < e.operands.size(); ++i) operands.push_back(operand(i));
      return call(e, operands, source);
    }
    case Form::subscript:
    case Form::range:
    case Form::file:
      throw EquationError(source, e.at, "a number is expected here");
    case Form::product:
      break;
  }
  throw EquationError(source, e.at, "a number is expected here; write * between its factors");
}

Size size_of(const Expression& e, const Source& source,
             const std::function<bool(std::string_view)>& is_size) {
  const auto operand = [&](std::size_t i) { return size_of(e.operands[i], source, is_size); };
  try {
    if (is_integer(e)) return Size::of(static_cast<std::int64_t>(e.number));
    if (e.kind == Form::name && !e.next && is_size(e.name)) return Size::named(e.name);
    if (e.kind == Form::add) return operand(0) + operand(1);
    if (e.kind == Form::subtract) return operand(0) - operand(1);
    if (e.kind == Form::multiply) return operand(0) * operand(1);
    if (e.kind == Form::divide) return operand(0) / operand(1);
    if (e.kind == Form::negate) return operand(0) * Size::of(-1);
  } catch (const TypeError& error) {
    throw EquationError(source, e.at, error.what());
  }
  throw EquationError(
      source, e.at,
      "a size is expected here: hidden, input, a constant of the cell, a whole number, or what "
      "+, -, * and / make of them, like 2 * hidden + 1");
}

}  // namespace unroll
