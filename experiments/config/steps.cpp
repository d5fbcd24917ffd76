#include "experiments/config/steps.hpp"

#include <fmt/format.h>

#include <cmath>

#include "experiments/config/config_error.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

struct Parts {
  std::string_view first, last, step;
};

/// Seeds are 1 apart where no step is said; other numbers say it, as 3..40 is a range of lengths to draw
/// from.
std::optional<Parts> split(std::string_view text, const OptionValue& type) {
  const std::size_t dots = text.find(".."), colon = text.rfind(':');
  if (dots == std::string_view::npos) return std::nullopt;
  if (colon == std::string_view::npos && std::holds_alternative<std::uint64_t>(type))
    return Parts{text.substr(0, dots), text.substr(dots + 2), "1"};
  if (colon == std::string_view::npos || colon < dots) return std::nullopt;
  return Parts{text.substr(0, dots), text.substr(dots + 2, colon - dots - 2), text.substr(colon + 1)};
}

/// Integers stay integers: 64 bits do not fit into a double.
template <class Number>
Number step_number(const Option& option, std::string_view part, std::string_view text,
                   const std::string& origin) {
  const auto value = parse_value(part, Number{});
  if (value) return std::get<Number>(*value);
  throw ConfigError(fmt::format("{}: {}: expected FIRST..LAST:STEP, each {}, found \"{}\"", origin,
                                option.key, type_name(Number{}), printable(text)));
}

[[noreturn]] void refuse(const Option& option, std::string_view text, const std::string& origin,
                         std::string_view why) {
  throw ConfigError(fmt::format("{}: {}: \"{}\": {}", origin, option.key, printable(text), why));
}

/// Sums of tenths have digits that nobody wrote: 0.30000000000000004.
double rounded(double x) { return std::get<double>(*parse_value(fmt::format("{:.15g}", x), 0.0)); }

std::vector<double> listed(double first, double, double step, std::size_t count) {
  std::vector<double> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(rounded(first + static_cast<double>(i) * step));
  return all;
}

/// Differences as unsigned numbers: those of two 64-bit integers overflow nowhere.
template <class Integer>
std::vector<Integer> listed(Integer first, Integer last, Integer step, std::size_t) {
  const auto bits = [](Integer x) { return static_cast<std::uint64_t>(x); };
  std::vector<Integer> all = {first};
  for (; bits(last) - bits(all.back()) >= bits(step);) all.push_back(all.back() + step);
  return all;
}

template <class Number>
std::vector<Number> numbers(const Option& option, const Parts& parts, std::string_view text,
                            const std::string& origin) {
  const auto first = step_number<Number>(option, parts.first, text, origin);
  const auto last = step_number<Number>(option, parts.last, text, origin);
  const auto step = step_number<Number>(option, parts.step, text, origin);
  if (!(step > Number{})) refuse(option, text, origin, "expected a step above 0");
  if (last < first) refuse(option, text, origin, "the range is empty: it ends before it begins");
  // As doubles, which overflow nowhere; exact where the count is one that is allowed.
  const double count = std::floor((static_cast<double>(last) - static_cast<double>(first)) /
                                  static_cast<double>(step) * (1 + 1e-12)) +
                       1;
  if (!(count <= static_cast<double>(most_trials)))
    refuse(option, text, origin, fmt::format("over {} values, more than a sweep may have", most_trials));
  return listed(first, last, step, static_cast<std::size_t>(count));
}

template <class Number>
std::vector<OptionValue> values(const std::vector<Number>& all) {
  return {all.begin(), all.end()};
}

}  // namespace

std::optional<std::vector<OptionValue>> parse_steps(const Option& option, std::string_view text,
                                                    const std::string& origin) {
  const OptionValue& type = option.default_value;
  const std::optional<Parts> parts = split(text, type);
  if (!parts) return std::nullopt;
  if (std::holds_alternative<std::int64_t>(type))
    return values(numbers<std::int64_t>(option, *parts, text, origin));
  if (std::holds_alternative<std::uint64_t>(type))
    return values(numbers<std::uint64_t>(option, *parts, text, origin));
  if (std::holds_alternative<double>(type)) return values(numbers<double>(option, *parts, text, origin));
  if (!std::holds_alternative<LengthRange>(type)) return std::nullopt;
  std::vector<OptionValue> lengths;
  for (const std::int64_t length : numbers<std::int64_t>(option, *parts, text, origin))
    lengths.emplace_back(LengthRange(length));
  return lengths;
}

}  // namespace unroll
