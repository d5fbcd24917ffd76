#include "experiments/sweep/distribution.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "experiments/config/config_error.hpp"
#include "experiments/config/text.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

using Drawn = Distribution::Kind;

constexpr std::array<std::string_view, 4> drawn_kinds = {"uniform", "log_uniform", "integer", "choice"};
constexpr double largest_exact = 0x1p53;  ///< integers up to here are doubles

std::string_view name_of(Drawn kind) { return drawn_kinds[static_cast<std::size_t>(kind)]; }

// ---- Logarithm and exponential, of sums and products alone: those of the system differ between machines in
// the last bit.

/// x above 0.
double logarithm(double x) {
  constexpr double ln2 = 0.6931471805599453;
  int exponent = 0;
  const double mantissa = std::frexp(x, &exponent);  // from 0.5 to below 1
  const double z = (mantissa - 0.75) / (mantissa + 0.75), square = z * z;
  double sum = 0;
  for (int n = 25; n >= 1; n -= 2) sum = sum * square + 1.0 / n;
  constexpr double ln_three_quarters = -0.2876820724517809;
  return 2 * z * sum + ln_three_quarters + exponent * ln2;
}

double exponential(double x) {
  constexpr double ln2 = 0.6931471805599453;
  const double exponent = std::floor(x / ln2 + 0.5);
  const double rest = x - exponent * ln2;  // within 0.35 of 0
  double sum = 1;
  for (int n = 20; n >= 1; --n) sum = 1 + rest / n * sum;
  return std::ldexp(sum, static_cast<int>(exponent));
}

/// Six digits of what can be told apart in a range: more say nothing, and make tables hard to read.
double rounded(double x, double low, double high) {
  int digits = 6;
  const double magnitude = std::max(std::abs(low), std::abs(high));
  for (double width = high - low; 2 * width < magnitude && digits < 17; width *= 10) ++digits;
  return std::clamp(std::get<double>(*parse_value(fmt::format("{:.{}g}", x, digits), 0.0)), low, high);
}

double between(double low, double high, double share) {
  return share < 0.5 ? low + (high - low) * share : high - (high - low) * (1 - share);
}

double number_at(const Distribution& d, double share, bool whole) {
  if (d.kind == Drawn::integer) return d.low + std::floor(share * (d.high - d.low + 1));
  if (d.kind == Drawn::uniform) return rounded(between(d.low, d.high, share), d.low, d.high);
  // Of integers each has the share of the numbers that are rounded down to it.
  const double high = whole ? d.high + 1 : d.high;
  const double x = exponential(between(logarithm(d.low), logarithm(high), share));
  return whole ? std::clamp(std::floor(x), d.low, d.high) : rounded(x, d.low, d.high);
}

// ---- Reading ----

struct AxisPlace {
  const TomlDocument& document;
  const Option& option;
  const std::string& origin;

  template <class... Values>
  [[noreturn]] void refuse(TomlPosition at, fmt::format_string<Values...> text, Values&&... values) const {
    const std::string where = at.line ? place(document.name, at) : origin;
    throw ConfigError(fmt::format("{}: axis {}: {}", where, option.key,
                                  fmt::format(text, std::forward<Values>(values)...)));
  }
};

bool is_whole(const Option& option) {
  return std::holds_alternative<std::int64_t>(option.default_value) ||
         std::holds_alternative<LengthRange>(option.default_value);
}

void check_kind(const AxisPlace& place, Drawn kind, TomlPosition at) {
  const Option& option = place.option;
  if (std::holds_alternative<std::uint64_t>(option.default_value))
    place.refuse(at, "seeds are not drawn: every drawn point is run with every seed; write {{ count = N }}");
  if (kind == Drawn::choice) return;
  const bool real = std::holds_alternative<double>(option.default_value);
  if (!real && !is_whole(option))
    place.refuse(at, "{} is drawn from numbers, but the setting is {}; write {{ choice = [...] }}",
                 name_of(kind), type_name(option.default_value));
  if (kind == Drawn::integer && real)
    place.refuse(at, "integer draws integers, but the setting is a number; write uniform or log_uniform");
  if (kind == Drawn::uniform && !real)
    place.refuse(at, "uniform draws numbers, but the setting is an integer; write integer");
}

double end_of(const AxisPlace& place, const TomlNode& node) {
  if (std::holds_alternative<std::string>(node.value))
    place.refuse(node.at, "expected a number, found {}", describe(node));
  const OptionValue value = read_setting(place.document, place.option, node).value;
  if (const auto* x = std::get_if<double>(&value)) return *x;
  if (const auto* x = std::get_if<LengthRange>(&value)) return static_cast<double>(x->least);
  return static_cast<double>(std::get<std::int64_t>(value));
}

void read_ends(const AxisPlace& place, const TomlMember& member, Distribution& d) {
  const auto* ends = std::get_if<TomlArray>(&member.node.value);
  if (!ends || ends->size() != 2)
    place.refuse(member.node.at, "{}: expected [LOW, HIGH], found {}", member.key,
                 ends ? fmt::format("a list of {}", ends->size()) : describe(member.node));
  d.low = end_of(place, (*ends)[0]);
  d.high = end_of(place, (*ends)[1]);
  if (!(d.low < d.high))
    place.refuse(member.node.at, "{}: expected LOW below HIGH, found {} and {}", member.key,
                 exact_number(d.low), exact_number(d.high));
  if (d.kind == Drawn::log_uniform && d.low <= 0)
    place.refuse(member.node.at, "log_uniform: expected numbers above 0, found {}", exact_number(d.low));
  if (is_whole(place.option) && std::max(std::abs(d.low), d.high) > largest_exact)
    place.refuse(member.node.at, "{}: expected integers within 2^53", member.key);
  if (!std::isfinite(d.high - d.low)) place.refuse(member.node.at, "{}: the range is too wide", member.key);
}

void read_choices(const AxisPlace& place, const TomlMember& member, Distribution& d) {
  const auto* list = std::get_if<TomlArray>(&member.node.value);
  if (!list)
    place.refuse(member.node.at, "choice: expected a list of values, found {}", describe(member.node));
  if (list->empty()) place.refuse(member.node.at, "choice: expected at least one value, found an empty list");
  std::set<OptionValue> seen;
  for (const TomlNode& item : *list) {
    d.choices.push_back(read_setting(place.document, place.option, item));
    if (!seen.insert(d.choices.back().value).second)
      place.refuse(item.at, "choice: {} is there twice", to_text(d.choices.back().value));
  }
}

}  // namespace

OptionValue Distribution::at(double share, const OptionValue& type) const {
  if (kind == Drawn::choice) {
    const auto index = static_cast<std::size_t>(share * static_cast<double>(choices.size()));
    return choices[std::min(index, choices.size() - 1)].value;
  }
  const bool real = std::holds_alternative<double>(type);
  const double x = number_at(*this, share, !real);
  if (real) return x;
  if (std::holds_alternative<LengthRange>(type)) return LengthRange(static_cast<std::int64_t>(x));
  return static_cast<std::int64_t>(x);
}

Distribution read_distribution(const TomlDocument& document, const Option& option, const TomlNode& node,
                               const std::string& origin) {
  const AxisPlace place{document, option, origin};
  const auto& table = std::get<TomlTable>(node.value);
  const std::vector<std::string> known(drawn_kinds.begin(), drawn_kinds.end());
  if (table.size() != 1)
    place.refuse(node.at, "expected one of {} in the table, found {} keys", fmt::join(known, ", "),
                 table.size());
  const TomlMember& member = table.front();
  const auto name = std::ranges::find(drawn_kinds, member.key);
  if (name == drawn_kinds.end())
    place.refuse(member.at, "unknown distribution \"{}\"{} Known: {}", printable(member.key),
                 nearest(member.key, known) ? did_you_mean(member.key, known) : ".", fmt::join(known, ", "));
  Distribution d{.kind = static_cast<Drawn>(name - drawn_kinds.begin()), .origin = origin};
  check_kind(place, d.kind, member.at);
  d.kind == Drawn::choice ? read_choices(place, member, d) : read_ends(place, member, d);
  return d;
}

std::string to_toml(const Distribution& d) {
  std::vector<std::string> parts;
  for (const Setting& choice : d.choices) parts.push_back(to_toml(choice.value));
  if (d.kind != Drawn::choice) parts = {exact_number(d.low), exact_number(d.high)};
  return fmt::format("{{ {} = [{}] }}", name_of(d.kind), fmt::join(parts, ", "));
}

}  // namespace unroll
