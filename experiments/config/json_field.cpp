#include "experiments/config/json_field.hpp"

#include <fmt/format.h>

#include <limits>
#include <optional>
#include <stdexcept>

namespace unroll {
namespace {

std::string_view json_type_name(simdjson::dom::element value) {
  using Type = simdjson::dom::element_type;
  switch (value.type()) {
    case Type::ARRAY:
      return "array";
    case Type::OBJECT:
      return "object";
    case Type::STRING:
      return "string";
    case Type::BOOL:
      return "boolean";
    case Type::NULL_VALUE:
      return "null";
    default:
      return "number";
  }
}

std::optional<double> not_finite(std::string_view text) {
  if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (text == "inf") return std::numeric_limits<double>::infinity();
  if (text == "-inf") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

}  // namespace

std::string JsonField::path() const {
  if (!whole_) return "";
  const std::string before = whole_->path();
  if (name_.empty()) return fmt::format("{}[{}]", before, index_);
  return before.empty() ? std::string(name_) : fmt::format("{}.{}", before, name_);
}

void JsonField::refuse(std::string_view expected, std::string_view found) const {
  if (!whole_)
    throw std::invalid_argument(fmt::format("{}: must be {}, but is {}", subject(), expected, found));
  throw std::invalid_argument(
      fmt::format("{}: member '{}' must be {}, but is {}", subject(), path(), expected, found));
}

void JsonField::refuse(std::string_view expected) const { refuse(expected, json_type_name(value_)); }

void JsonField::expect_object() const {
  if (!value_.is_object()) refuse("an object");
}

JsonField JsonField::member(std::string_view name) const {
  expect_object();
  simdjson::dom::element found;
  if (value_.at_key(name).get(found) == simdjson::SUCCESS) return {*this, name, 0, found};
  const std::string before = path();
  throw std::invalid_argument(
      fmt::format("{}: no member '{}{}{}'", subject(), before, before.empty() ? "" : ".", name));
}

bool JsonField::has(std::string_view name) const {
  return value_.is_object() && value_.at_key(name).error() == simdjson::SUCCESS;
}

std::string_view JsonField::text() const {
  std::string_view text;
  if (value_.get_string().get(text) != simdjson::SUCCESS) refuse("a string");
  return text;
}

bool JsonField::boolean() const {
  bool truth = false;
  if (value_.get_bool().get(truth) != simdjson::SUCCESS) refuse("a boolean");
  return truth;
}

std::int64_t JsonField::integer() const {
  std::int64_t integer = 0;
  if (value_.get_int64().get(integer) == simdjson::SUCCESS) return integer;
  if (value_.is_uint64()) refuse("a 64-bit integer", fmt::format("{}", std::uint64_t{value_}));
  refuse("an integer");
}

double JsonField::number() const {
  double number = 0;
  if (value_.get_double().get(number) == simdjson::SUCCESS) return number;
  std::string_view text;
  if (value_.get_string().get(text) != simdjson::SUCCESS) refuse("a number, \"nan\", \"inf\" or \"-inf\"");
  if (const auto value = not_finite(text)) return *value;
  refuse("a number, \"nan\", \"inf\" or \"-inf\"", fmt::format("\"{}\"", text));
}

simdjson::dom::array JsonField::array() const {
  simdjson::dom::array elements;
  if (value_.get_array().get(elements) != simdjson::SUCCESS) refuse("an array");
  return elements;
}

void JsonField::for_each_element(const std::function<void(const JsonField&)>& visit) const {
  std::size_t index = 0;
  for (const simdjson::dom::element element : array()) visit({*this, "", index++, element});
}

void JsonField::for_each_member(const std::function<void(std::string_view, const JsonField&)>& visit) const {
  expect_object();
  for (const auto [key, value] : simdjson::dom::object(value_)) visit(key, {*this, key, 0, value});
}

std::vector<double> JsonField::numbers() const {
  std::vector<double> values;
  values.reserve(array().size());
  for_each_element([&](const JsonField& element) { values.push_back(element.number()); });
  return values;
}

JsonField parse_json(simdjson::dom::parser& parser, std::string_view text, std::string_view subject) {
  simdjson::dom::element value;
  if (const auto error = parser.parse(text.data(), text.size()).get(value))
    throw std::invalid_argument(fmt::format("{}: not JSON: {}", subject, simdjson::error_message(error)));
  return {subject, value};
}

}  // namespace unroll
