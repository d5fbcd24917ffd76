#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>

#include "models/language/definition.hpp"

namespace unroll {
namespace {

using Form = Expression::Kind;

struct Row {
  std::string_view name;
  double (*value)(double);
};
constexpr auto numeric_functions = std::to_array<Row>({
    {"exp", [](double x) { return std::exp(x); }},
    {"log", [](double x) { return std::log(x); }},
    {"sqrt", [](double x) { return std::sqrt(x); }},
    {"sin", [](double x) { return std::sin(x); }},
    {"cos", [](double x) { return std::cos(x); }},
});

double call(const std::string& name, double x, const Expression& e, const Source& source) {
  std::vector<std::string_view> names;
  for (const Row& row : numeric_functions) {
    if (row.name == name) return row.value(x);
    names.push_back(row.name);
  }
  throw EquationError(source, e.at,
                      fmt::format("a number is expected here; of functions it may use {}, not {}",
                                  fmt::join(names, ", "), name));
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
    case Form::call:
      if (e.operands.size() != 1)
        throw EquationError(source, e.at, fmt::format("{} takes 1 value, not {}", e.name, e.operands.size()));
      return call(e.name, operand(0), e, source);
    case Form::product:
      break;
  }
  throw EquationError(source, e.at, "a number is expected here; write * between its factors");
}

Size size_of(const Expression& e, const Source& source,
             const std::function<bool(std::string_view)>& is_size) {
  if (is_integer(e) && e.number > 0) return Size::of(static_cast<std::int64_t>(e.number));
  if (e.kind == Form::name && !e.next && is_size(e.name)) return Size::named(e.name);
  if (e.kind == Form::add)
    return size_of(e.operands[0], source, is_size) + size_of(e.operands[1], source, is_size);
  if (e.kind == Form::multiply && is_integer(e.operands[0]))
    return size_of(e.operands[1], source, is_size) * static_cast<std::int64_t>(e.operands[0].number);
  throw EquationError(source, e.at,
                      "a size is expected here: hidden, input, a constant of the cell, a whole number above "
                      "0, or a sum like 2 * hidden + 1");
}

}  // namespace unroll
