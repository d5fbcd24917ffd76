#include "experiments/records/record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace unroll {
namespace {

// Keeps the members in the order in which they are written, so that a line starts with its id.
using Json = nlohmann::ordered_json;

constexpr std::array<std::pair<TrialStatus, std::string_view>, 3> kStatusNames{
    {{TrialStatus::done, "done"}, {TrialStatus::diverged, "diverged"}, {TrialStatus::failed, "failed"}}};

Json number_to_json(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

Json numbers_to_json(const std::vector<double>& values) {
  Json array = Json::array();
  for (const double value : values) array.push_back(number_to_json(value));
  return array;
}

Json to_json(const FigureDescriptor& descriptor) {
  return Json{{"unit", descriptor.unit},
              {"direction", descriptor.direction},
              {"logarithmic", descriptor.logarithmic}};
}

Json to_json(const Scalar& scalar) {
  return Json{{"name", scalar.name},
              {"value", number_to_json(scalar.value)},
              {"descriptor", to_json(scalar.descriptor)}};
}

Json to_json(const RecordedSeries& series) {
  return Json{{"name", series.name},
              {"moment", series.moment},
              {"axis", series.axis},
              {"held", series.held},
              {"descriptor", to_json(series.descriptor)},
              {"x", numbers_to_json(series.x)},
              {"y", numbers_to_json(series.y)}};
}

template <class Item>
Json list_to_json(const std::vector<Item>& items) {
  Json array = Json::array();
  for (const Item& item : items) array.push_back(to_json(item));
  return array;
}

[[noreturn]] void wrong(const std::string& path, std::string_view expected, std::string_view found) {
  throw std::invalid_argument(
      fmt::format("trial record: member '{}' must be {}, but is {}", path, expected, found));
}

/// A value of the record together with where it stands, for messages.
struct Field {
  const Json& value;
  std::string path;

  Field member(const std::string& name) const {
    if (!value.is_object()) wrong(path, "an object", value.type_name());
    const auto found = value.find(name);
    const std::string at = path.empty() ? name : path + "." + name;
    if (found == value.end()) throw std::invalid_argument(fmt::format("trial record: no member '{}'", at));
    return {*found, at};
  }

  std::vector<Field> elements() const {
    if (!value.is_array()) wrong(path, "an array", value.type_name());
    std::vector<Field> fields;
    for (const Json& element : value) fields.push_back({element, fmt::format("{}[{}]", path, fields.size())});
    return fields;
  }

  std::string text() const {
    if (!value.is_string()) wrong(path, "a string", value.type_name());
    return value.get<std::string>();
  }

  bool boolean() const {
    if (!value.is_boolean()) wrong(path, "a boolean", value.type_name());
    return value.get<bool>();
  }

  std::int64_t integer() const {
    if (!value.is_number_integer()) wrong(path, "an integer", value.type_name());
    if (value.is_number_unsigned() && value.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max())
      wrong(path, "a 64-bit integer", value.dump());
    return value.get<std::int64_t>();
  }

  double number() const {
    if (value.is_number()) return value.get<double>();
    if (value == "nan") return std::numeric_limits<double>::quiet_NaN();
    if (value == "inf") return std::numeric_limits<double>::infinity();
    if (value == "-inf") return -std::numeric_limits<double>::infinity();
    wrong(path, "a number, \"nan\", \"inf\" or \"-inf\"",
          value.is_string() ? value.dump() : value.type_name());
  }

  std::vector<double> numbers() const {
    std::vector<double> out;
    for (const Field& element : elements()) out.push_back(element.number());
    return out;
  }

  TrialStatus status() const {
    const std::string name = text();
    for (const auto& [status, known] : kStatusNames)
      if (name == known) return status;
    wrong(path, "done, diverged or failed", name);
  }
};

FigureDescriptor descriptor_from(const Field& field) {
  return {field.member("unit").text(), field.member("direction").text(),
          field.member("logarithmic").boolean()};
}

Scalar scalar_from(const Field& field) {
  return {field.member("name").text(), field.member("value").number(),
          descriptor_from(field.member("descriptor"))};
}

RecordedSeries series_from(const Field& field) {
  RecordedSeries series{.name = field.member("name").text(),
                        .moment = field.member("moment").text(),
                        .axis = field.member("axis").text(),
                        .held = field.member("held").boolean(),
                        .descriptor = descriptor_from(field.member("descriptor")),
                        .x = field.member("x").numbers(),
                        .y = field.member("y").numbers()};
  if (series.x.size() != series.y.size())
    wrong(field.path + ".y", fmt::format("as long as x ({})", series.x.size()),
          fmt::format("{} long", series.y.size()));
  return series;
}

std::optional<std::int64_t> optional_integer(const Field& field) {
  if (field.value.is_null()) return std::nullopt;
  return field.integer();
}

Json parsed(const std::string& line) {
  try {
    return Json::parse(line);
  } catch (const Json::exception& error) {  // parse_error, or out_of_range for 1e999
    throw std::invalid_argument(fmt::format("trial record: not JSON: {}", error.what()));
  }
}

}  // namespace

std::string_view status_name(TrialStatus status) {
  for (const auto& [known, name] : kStatusNames)
    if (known == status) return name;
  throw std::invalid_argument(fmt::format("trial status: no name for {}", static_cast<int>(status)));
}

std::optional<double> TrialRecord::scalar(std::string_view name) const {
  const auto found = std::ranges::find(scalars, name, &Scalar::name);
  return found == scalars.end() ? std::nullopt : std::optional(found->value);
}

void TrialRecord::set(Scalar scalar) {
  const auto found = std::ranges::find(scalars, scalar.name, &Scalar::name);
  if (found == scalars.end())
    scalars.push_back(std::move(scalar));
  else
    *found = std::move(scalar);
}

const RecordedSeries* TrialRecord::find(std::string_view name, std::string_view moment) const {
  const auto found = std::ranges::find_if(
      series, [&](const RecordedSeries& one) { return one.name == name && one.moment == moment; });
  return found == series.end() ? nullptr : &*found;
}

RecordedSeries& TrialRecord::series_like(const RecordedSeries& like) {
  const auto found = std::ranges::find_if(
      series, [&](const RecordedSeries& one) { return one.name == like.name && one.moment == like.moment; });
  return found == series.end() ? series.emplace_back(like) : *found;
}

std::string to_json(const TrialRecord& record) {
  Json json;
  json["id"] = record.id;
  json["status"] = status_name(record.status);
  json["reason"] = record.reason;
  json["success_rule"] = record.success_rule;
  json["success"] = record.success;
  json["updates"] = record.updates;
  json["solved_at"] = record.solved_at ? Json(*record.solved_at) : Json(nullptr);
  json["best_update"] = record.best_update;
  json["scalars"] = list_to_json(record.scalars);
  json["series"] = list_to_json(record.series);
  json["seconds"] = number_to_json(record.seconds);
  json["build"] = record.build;
  // A reason may quote bytes that are no UTF-8 (a path): the record must be written all the same.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

TrialRecord record_from_json(const std::string& line) {
  const Json json = parsed(line);
  const Field root{json, ""};
  if (!json.is_object())
    throw std::invalid_argument(fmt::format("trial record: must be an object, but is {}", json.type_name()));
  TrialRecord record;
  record.id = root.member("id").text();
  record.status = root.member("status").status();
  record.reason = root.member("reason").text();
  record.success_rule = root.member("success_rule").text();
  record.success = root.member("success").boolean();
  record.updates = root.member("updates").integer();
  record.solved_at = optional_integer(root.member("solved_at"));
  record.best_update = root.member("best_update").integer();
  for (const Field& field : root.member("scalars").elements()) record.scalars.push_back(scalar_from(field));
  for (const Field& field : root.member("series").elements()) record.series.push_back(series_from(field));
  record.seconds = root.member("seconds").number();
  record.build = root.member("build").text();
  return record;
}

}  // namespace unroll
