#include "experiments/config/value.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <charconv>
#include <cmath>

namespace unroll {

namespace {

/// std::from_chars over the whole text.
template <class Number>
std::optional<OptionValue> parse_number(std::string_view text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

std::optional<OptionValue> parse_double(std::string_view text) {
  const std::optional<OptionValue> value = parse_number<double>(text);
  if (!value || !std::isfinite(std::get<double>(*value))) return std::nullopt;
  return std::get<double>(*value) + 0.0;  // -0 becomes 0: one value has one text
}

std::optional<OptionValue> parse_bool(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

/// "[a, b]", or an item alone.
std::vector<std::string> list_items(std::string_view text) {
  text = trimmed(text);
  if (!text.starts_with('[') || !text.ends_with(']')) return {std::string(text)};
  std::vector<std::string> items;
  for (const std::string& item : split_at_commas(text.substr(1, text.size() - 2)))
    items.emplace_back(trimmed(item));
  if (items.size() == 1 && items[0].empty()) items.clear();
  return items;
}

std::optional<OptionValue> parse_integers(std::string_view text) {
  std::vector<std::int64_t> numbers;
  for (const std::string& item : list_items(text)) {
    const std::optional<OptionValue> number = parse_number<std::int64_t>(item);
    if (!number) return std::nullopt;
    numbers.push_back(std::get<std::int64_t>(*number));
  }
  return numbers;
}

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\u{:04X}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace

std::string describe(const OptionRange& range) {
  const bool has_min = std::isfinite(range.min);
  const bool has_max = std::isfinite(range.max);
  if (has_min && has_max) {
    return fmt::format("{} {} {} {}", range.without_min ? "above" : "from", range.min,
                       range.without_max ? "to below" : "to", range.max);
  }
  if (has_min) return fmt::format("{} {}", range.without_min ? "above" : "of at least", range.min);
  if (has_max) return fmt::format("{} {}", range.without_max ? "below" : "of at most", range.max);
  return "";
}

std::string_view type_name(const OptionValue& type) {
  static constexpr std::array<std::string_view, std::variant_size_v<OptionValue>> names = {
      "an integer",
      "an integer from 0 to 2^64 - 1",
      "a number",
      "true or false",
      "a string",
      "bytes as an integer or like \"512 MB\" or \"2 GiB\"",
      "a cell: a name, the path of a .cell file, or equations",
      "the path of a file",
      "a length like 100 or a range of lengths like 3..40",
      "a list of integers",
      "a name or a list of names"};
  return names[type.index()];
}

std::optional<OptionValue> parse_value(std::string_view text, const OptionValue& type) {
  if (std::holds_alternative<std::int64_t>(type)) return parse_number<std::int64_t>(text);
  if (std::holds_alternative<std::uint64_t>(type)) return parse_number<std::uint64_t>(text);
  if (std::holds_alternative<double>(type)) return parse_double(text);
  if (std::holds_alternative<bool>(type)) return parse_bool(text);
  if (std::holds_alternative<Bytes>(type)) {
    const std::optional<Bytes> bytes = parse_bytes(text);
    return bytes ? std::optional<OptionValue>(*bytes) : std::nullopt;
  }
  if (std::holds_alternative<CellText>(type)) return read_cell(text);
  if (std::holds_alternative<InputFile>(type)) return read_input_file(text);
  if (std::holds_alternative<LengthRange>(type)) {
    const std::optional<LengthRange> lengths = parse_length_range(text);
    return lengths ? std::optional<OptionValue>(*lengths) : std::nullopt;
  }
  if (std::holds_alternative<std::vector<std::int64_t>>(type)) return parse_integers(text);
  if (std::holds_alternative<std::vector<std::string>>(type)) return list_items(text);
  return std::string(text);
}

std::string to_text(const OptionValue& value) {
  if (is_unset(value)) return "default";
  return std::visit(
      [](const auto& x) -> std::string {
        using X = std::decay_t<decltype(x)>;
        if constexpr (std::is_same_v<X, Bytes> || std::is_same_v<X, LengthRange>)
          return to_text(x);
        else if constexpr (std::is_same_v<X, CellText>)
          return label_of(x);
        else if constexpr (std::is_same_v<X, InputFile>)
          return x.path;
        else if constexpr (std::is_same_v<X, std::vector<std::string>>)
          return fmt::format("[{}]", fmt::join(x, ", "));
        else
          return fmt::format("{}", x);
      },
      value);
}

std::string to_toml(const OptionValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return toml_string(*text);
  if (const auto* cell = std::get_if<CellText>(&value)) return toml_of(*cell);
  if (const auto* file = std::get_if<InputFile>(&value)) return toml_string(with_hash(*file));
  if (const auto* names = std::get_if<std::vector<std::string>>(&value)) {
    std::vector<std::string> quoted;
    for (const std::string& name : *names) quoted.push_back(toml_string(name));
    return fmt::format("[{}]", fmt::join(quoted, ", "));
  }
  if (const auto* lengths = std::get_if<LengthRange>(&value); lengths && !lengths->fixed())
    return toml_string(to_text(*lengths));
  std::string text = to_text(value);
  if (text.empty()) return toml_string(text);
  if (const auto* seed = std::get_if<std::uint64_t>(&value)) {
    constexpr auto largest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return *seed > largest ? toml_string(text) : text;
  }
  if (std::holds_alternative<Bytes>(value) && text.find(' ') != std::string::npos) return toml_string(text);
  const bool whole_double =
      std::holds_alternative<double>(value) && text.find_first_of(".en") == std::string::npos;  // n: inf
  return whole_double ? text + ".0" : text;
}

void store(const OptionField& field, const OptionValue& value) {
  std::visit([&](auto* target) { *target = std::get<std::remove_pointer_t<decltype(target)>>(value); },
             field);
}

bool field_equals(const OptionField& field, const OptionValue& value) {
  return std::visit(
      [&](const auto* source) { return *source == std::get<std::remove_cvref_t<decltype(*source)>>(value); },
      field);
}

OptionField field_of(OptionValue& value) {
  return std::visit([](auto& held) { return OptionField(&held); }, value);
}

std::vector<std::string> split_at_commas(std::string_view text) {
  std::vector<std::string> parts = {""};
  int depth = 0;
  for (const char c : text) {
    depth += c == '[' ? 1 : c == ']' ? -1 : 0;
    if (c == ',' && depth == 0)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

OptionValue load(const OptionField& field) {
  return std::visit([](const auto* source) { return OptionValue(*source); }, field);
}

}  // namespace unroll
