#pragma once

#include <span>
#include <string>
#include <string_view>

namespace unroll {

/// The number as C++ has it, "0.1f": read again it is the same to the bit.
std::string float_literal(float number);
/// The same of a double: "0.1".
std::string double_literal(double number);
/// Numbers with commas between, in lines that begin with `indent`.
std::string literals(std::span<const float> numbers, std::string_view indent);
/// The text in quotes, in characters of ASCII.
std::string string_literal(std::string_view text);
/// Letters, digits and underscores of a name: "layer2.h" is "layer2_h".
std::string identifier(std::string_view name);

}  // namespace unroll
