#include "experiments/export/header/cpp_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace unroll {
namespace {

template <class Number>
std::string shortest(Number number) {
  if (std::isnan(number)) return "NAN";
  if (std::isinf(number)) return number < 0 ? "-INFINITY" : "INFINITY";
  std::string text = fmt::format("{}", number);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

constexpr bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

std::string float_literal(float number) {
  std::string text = shortest(number);
  if (std::isfinite(number)) text += 'f';
  return text;
}

std::string double_literal(double number) { return shortest(number); }

std::string literals(std::span<const float> numbers, std::string_view indent) {
  constexpr std::size_t widest = 110;
  std::string text, line(indent);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    std::string one = float_literal(numbers[i]);
    if (i + 1 < numbers.size()) one += ',';
    if (line.size() + 1 + one.size() > widest) {
      text += line + '\n';
      line = indent;
    }
    if (line.size() > indent.size()) line += ' ';
    line += one;
  }
  return text + line;
}

std::string string_literal(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\' || c == '?')  // two question marks may begin a trigraph
      quoted += {'\\', c};
    else if (byte < 0x20 || byte >= 0x7F)
      quoted += fmt::format("\\{:03o}", byte);
    else
      quoted += c;
  }
  return quoted + '"';
}

std::string identifier(std::string_view name) {
  std::string text(name);
  std::ranges::replace_if(
      text, [](char c) { return !is_word(c); }, '_');
  return text;
}

}  // namespace unroll
