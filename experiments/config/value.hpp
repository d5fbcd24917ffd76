#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "experiments/config/bytes.hpp"
#include "experiments/config/cell_text.hpp"
#include "experiments/config/input_file.hpp"
#include "experiments/config/length_range.hpp"

namespace unroll {

/// The value of one setting. Which alternative a setting holds is its type, given by its row's default.
using OptionValue = std::variant<std::int64_t, std::uint64_t, double, bool, std::string, Bytes, CellText,
                                 InputFile, LengthRange, std::vector<std::int64_t>, std::vector<std::string>>;

/// Where a setting lives in a Config: a pointer for each alternative of OptionValue, in the same order.
using OptionField =
    std::variant<std::int64_t*, std::uint64_t*, double*, bool*, std::string*, Bytes*, CellText*, InputFile*,
                 LengthRange*, std::vector<std::int64_t>*, std::vector<std::string>*>;

/// Of a constant of a cell: the cell's own default. No config can say it, since infinities are no values.
inline constexpr double unset = -std::numeric_limits<double>::infinity();
inline bool is_unset(const OptionValue& value) {
  const auto* number = std::get_if<double>(&value);
  return number && *number == unset;
}

/// The numbers a setting may take. Integers are compared as doubles: limits stay far below 2^53.
struct OptionRange {
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  bool without_min = false;
  bool without_max = false;

  bool holds(double x) const {
    return (without_min ? x > min : x >= min) && (without_max ? x < max : x <= max);
  }
};

constexpr OptionRange at_least(double min) { return {.min = min}; }
constexpr OptionRange above(double min) { return {.min = min, .without_min = true}; }
constexpr OptionRange from_to(double min, double max) { return {.min = min, .max = max}; }
constexpr OptionRange from_to_below(double min, double max) {
  return {.min = min, .max = max, .without_max = true};
}
constexpr OptionRange above_to(double min, double max) {
  return {.min = min, .max = max, .without_min = true};
}

/// "of at least 1", "above 0", "from 0 to below 1"; empty where every number is allowed.
std::string describe(const OptionRange& range);

/// "an integer", "a number", "true or false", ...
std::string_view type_name(const OptionValue& type);

/// Reads text (of an override) as a value of the type of `type`; none when it is no such value. NaN and
/// infinities are no values.
std::optional<OptionValue> parse_value(std::string_view text, const OptionValue& type);

/// The one way in which a value is written: decimal integers, doubles by the shortest digits that read back
/// to the same bits, bare strings, amounts of memory in the largest unit that fits. Axes, ids and messages
/// use it.
std::string to_text(const OptionValue& value);

/// The value as TOML: quoted strings, doubles with a point or an exponent, seeds beyond 2^63 - 1 and
/// amounts with a unit as strings.
std::string to_toml(const OptionValue& value);

/// Copies between a OptionValue and the field of the same type.
void store(const OptionField& field, const OptionValue& value);
OptionValue load(const OptionField& field);
/// Whether a field holds this value, which is of its type; nothing is copied.
bool field_equals(const OptionField& field, const OptionValue& value);
/// A value as a field.
OptionField field_of(OptionValue& value);

/// The parts of a text between its commas; those inside brackets part nothing.
std::vector<std::string> split_at_commas(std::string_view text);

}  // namespace unroll
