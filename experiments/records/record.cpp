#include "experiments/records/record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace unroll {
namespace {

// Keeps the members in the order in which they are written, so that a line starts with its id.
using Json = nlohmann::ordered_json;

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
  Json json{{"name", series.name},
            {"moment", series.moment},
            {"axis", series.axis},
            {"held", series.held},
            {"descriptor", to_json(series.descriptor)},
            {"x", numbers_to_json(series.x)},
            {"y", numbers_to_json(series.y)}};
  if (!series.names.empty()) json["names"] = series.names;
  if (!series.over.empty()) json["over"] = series.over;
  return json;
}

template <class Item>
Json list_to_json(const std::vector<Item>& items) {
  Json array = Json::array();
  for (const Item& item : items) array.push_back(to_json(item));
  return array;
}

}  // namespace

std::string_view status_name(TrialStatus status) {
  for (const auto& [known, name] : status_names)
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
  json["host"] = record.host;
  json["attempts"] = record.attempts;
  // A reason may quote bytes that are no UTF-8 (a path): the record must be written all the same.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace unroll
