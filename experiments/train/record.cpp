#include "experiments/train/record.hpp"

#include <fmt/format.h>

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

Json curve_to_json(const std::vector<CurvePoint>& curve) {
  Json updates = Json::array(), train = Json::array(), validation = Json::array(), errors = Json::array();
  for (const CurvePoint& point : curve) {
    updates.push_back(point.update);
    train.push_back(number_to_json(point.train_loss));
    validation.push_back(number_to_json(point.validation_loss));
    errors.push_back(number_to_json(point.error_rate));
  }
  return Json{
      {"update", updates}, {"train_loss", train}, {"validation_loss", validation}, {"error_rate", errors}};
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

std::vector<CurvePoint> curve_from(const Field& curve) {
  const std::vector<Field> updates = curve.member("update").elements();
  const std::array<Field, 3> columns{curve.member("train_loss"), curve.member("validation_loss"),
                                     curve.member("error_rate")};
  std::array<std::vector<double>, 3> values;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    values[i] = columns[i].numbers();
    if (values[i].size() != updates.size())
      wrong(columns[i].path, fmt::format("as long as curve.update ({})", updates.size()),
            fmt::format("{} long", values[i].size()));
  }
  std::vector<CurvePoint> points;
  for (std::size_t i = 0; i < updates.size(); ++i)
    points.push_back({updates[i].integer(), values[0][i], values[1][i], values[2][i]});
  return points;
}

std::map<std::string, std::string> axes_from(const Field& axes) {
  if (!axes.value.is_object()) wrong(axes.path, "an object", axes.value.type_name());
  std::map<std::string, std::string> out;
  for (const auto& [key, value] : axes.value.items()) out[key] = Field{value, axes.path + "." + key}.text();
  return out;
}

std::vector<GradientNorms> gradient_norms_from(const Field& list) {
  std::vector<GradientNorms> out;
  for (const Field& entry : list.elements())
    out.push_back({entry.member("update").integer(), entry.member("norms").numbers()});
  return out;
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

std::string to_json(const TrialRecord& record) {
  Json json;
  json["id"] = record.id;
  json["status"] = status_name(record.status);
  json["reason"] = record.reason;
  json["axes"] = record.axes;
  json["trivial_loss"] = number_to_json(record.trivial_loss);
  json["success_rule"] = record.success_rule;
  json["success"] = record.success;
  json["updates"] = record.updates;
  json["solved_at"] = record.solved_at ? Json(*record.solved_at) : Json(nullptr);
  json["best_loss"] = number_to_json(record.best_loss);
  json["best_update"] = record.best_update;
  json["last_loss"] = number_to_json(record.last_loss);
  json["last_error_rate"] = number_to_json(record.last_error_rate);
  if (record.test_loss) json["test_loss"] = number_to_json(*record.test_loss);
  json["curve"] = curve_to_json(record.curve);
  json["gradient_norms"] = Json::array();
  for (const GradientNorms& at : record.gradient_norms)
    json["gradient_norms"].push_back(Json{{"update", at.update}, {"norms", numbers_to_json(at.norms)}});
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
  record.axes = axes_from(root.member("axes"));
  record.trivial_loss = root.member("trivial_loss").number();
  record.success_rule = root.member("success_rule").text();
  record.success = root.member("success").boolean();
  record.updates = root.member("updates").integer();
  record.solved_at = optional_integer(root.member("solved_at"));
  record.best_loss = root.member("best_loss").number();
  record.best_update = root.member("best_update").integer();
  record.last_loss = root.member("last_loss").number();
  record.last_error_rate = root.member("last_error_rate").number();
  if (json.contains("test_loss")) record.test_loss = root.member("test_loss").number();
  record.curve = curve_from(root.member("curve"));
  record.gradient_norms = gradient_norms_from(root.member("gradient_norms"));
  record.seconds = root.member("seconds").number();
  record.build = root.member("build").text();
  return record;
}

}  // namespace unroll
