#include "framework/autodiff/attrs.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "framework/autodiff/op.hpp"

namespace unroll {

void Attrs::refuse() const {
  throw std::logic_error(fmt::format("[Attrs] {} was read as the attributes of another op",
                                     to_text(*this).empty() ? "a struct of defaults" : to_text(*this)));
}

Attrs parse_attrs(const Op& op, std::string_view text) {
  if (op.attrs) return op.attrs->parse(op.name, text);
  if (!attrs_detail::split_members(op.name, text).empty())
    throw std::invalid_argument(fmt::format("[{}] it has no attributes, but '{}' was given", op.name, text));
  return {};
}

namespace attrs_detail {
namespace {

template <class N>
void read_number(std::string_view text, N& value, std::string_view expected) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw std::invalid_argument(fmt::format("'{}' is no {}", text, expected));
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// Where the next comma outside of parentheses and quotes is, or the end.
std::size_t next_comma(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      quoted = !quoted;
    else if (!quoted && (text[i] == '(' || text[i] == ')'))
      depth += text[i] == '(' ? 1 : -1;
    else if (!quoted && depth == 0 && text[i] == ',')
      return i;
  }
  return text.size();
}

std::vector<std::string_view> split_at_commas(std::string_view text) {
  std::vector<std::string_view> parts;
  while (!trimmed(text).empty()) {
    const std::size_t end = next_comma(text);
    parts.push_back(trimmed(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

}  // namespace

std::string attr_text(bool value) { return value ? "true" : "false"; }
std::string attr_text(std::int64_t value) { return fmt::format("{}", value); }
std::string attr_text(std::uint64_t value) { return fmt::format("{}", value); }
std::string attr_text(double value) { return fmt::format("{}", value); }
std::string attr_text(Dim value) { return to_string(value); }
std::string attr_text(const Dims& value) { return to_string(value); }
std::string attr_text(const std::vector<std::int64_t>& value) {
  return fmt::format("({})", fmt::join(value, ", "));
}
std::string attr_text(const std::string& value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + "\"";
}

void read_attr(std::string_view text, bool& value) {
  if (text != "true" && text != "false")
    throw std::invalid_argument(fmt::format("'{}' is neither true nor false", text));
  value = text == "true";
}
void read_attr(std::string_view text, std::int64_t& value) { read_number(text, value, "whole number"); }
void read_attr(std::string_view text, std::uint64_t& value) {
  read_number(text, value, "whole number from 0 on");
}
void read_attr(std::string_view text, double& value) { read_number(text, value, "number"); }
void read_attr(std::string_view text, Dim& value) { value = parse_dim(text); }
void read_attr(std::string_view text, Dims& value) { value = parse_dims(text); }
void read_attr(std::string_view text, std::vector<std::int64_t>& value) {
  if (text.size() < 2 || text.front() != '(' || text.back() != ')')
    throw std::invalid_argument(fmt::format("'{}' is no list of whole numbers, as (1, 0)", text));
  value.clear();
  for (const std::string_view part : split_at_commas(text.substr(1, text.size() - 2)))
    read_attr(part, value.emplace_back());
}
void read_attr(std::string_view text, std::string& value) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"')
    throw std::invalid_argument(fmt::format("'{}' is no text in double quotes", text));
  text = text.substr(1, text.size() - 2);
  value.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    value += text[i];
  }
}

std::string member_text(std::string_view name, const std::string& text) {
  return text == "true" ? std::string(name) : fmt::format("{}={}", name, text);
}

std::string joined(const std::vector<std::string>& members) {
  return members.empty() ? "" : fmt::format("{{{}}}", fmt::join(members, ", "));
}

std::vector<MemberText> split_members(std::string_view op, std::string_view text) {
  text = trimmed(text);
  if (text.empty()) return {};
  if (text.size() < 2 || text.front() != '{' || text.back() != '}')
    throw std::invalid_argument(
        fmt::format("[{}] attributes stand in braces, as {{axis=1}}, not as '{}'", op, text));
  std::vector<MemberText> members;
  for (const std::string_view part : split_at_commas(text.substr(1, text.size() - 2))) {
    const std::size_t equals = part.find('=');
    const std::string_view name = trimmed(part.substr(0, equals));
    if (std::ranges::find(members, name, &MemberText::name) != members.end())
      throw std::invalid_argument(fmt::format("[{}] attribute '{}' is given twice", op, name));
    members.push_back({name, equals == part.npos ? "true" : trimmed(part.substr(equals + 1))});
  }
  return members;
}

void no_text(std::string_view op, std::string_view member) {
  throw std::invalid_argument(
      fmt::format("[{}] attribute '{}' cannot be read from text; record the op on a tape", op, member));
}

void unknown_member(std::string_view op, std::string_view member, const std::string& names) {
  throw std::invalid_argument(
      fmt::format("[{}] there is no attribute '{}'; attributes are {}", op, member, names));
}

void unreadable(std::string_view op, std::string_view member, const std::string& reason) {
  throw std::invalid_argument(fmt::format("[{}] attribute '{}': {}", op, member, reason));
}

}  // namespace attrs_detail
}  // namespace unroll
