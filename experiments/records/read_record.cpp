#include <fmt/format.h>

#include <stdexcept>

#include "experiments/config/json_field.hpp"
#include "experiments/records/record.hpp"

namespace unroll {
namespace {

TrialStatus status_from(const JsonField& field) {
  for (const auto& [status, name] : status_names)
    if (name == field.text()) return status;
  std::string known;
  for (const auto& [status, name] : status_names)
    known += fmt::format("{}{}", known.empty() ? "" : ", ", name);
  field.refuse("one of " + known, field.text());
}

FigureDescriptor descriptor_from(const JsonField& field) {
  return {std::string(field.member("unit").text()), std::string(field.member("direction").text()),
          field.member("logarithmic").boolean()};
}

Scalar scalar_from(const JsonField& field) {
  return {std::string(field.member("name").text()), field.member("value").number(),
          descriptor_from(field.member("descriptor"))};
}

RecordedSeries series_from(const JsonField& field) {
  RecordedSeries series{.name = std::string(field.member("name").text()),
                        .moment = std::string(field.member("moment").text()),
                        .axis = std::string(field.member("axis").text()),
                        .held = field.member("held").boolean(),
                        .descriptor = descriptor_from(field.member("descriptor")),
                        .x = field.member("x").numbers(),
                        .y = field.member("y").numbers()};
  if (series.x.size() != series.y.size())
    field.member("y").refuse(fmt::format("as long as x ({})", series.x.size()),
                             fmt::format("{} long", series.y.size()));
  if (field.has("names"))
    field.member("names").for_each_element(
        [&](const JsonField& name) { series.names.emplace_back(name.text()); });
  if (field.has("over")) series.over = field.member("over").text();
  return series;
}

std::optional<std::int64_t> optional_integer(const JsonField& field) {
  if (field.is_null()) return std::nullopt;
  return field.integer();
}

}  // namespace

TrialRecord record_from_json(std::string_view line) {
  simdjson::dom::parser parser;
  const JsonField root = parse_json(parser, line, "trial record");
  root.expect_object();
  TrialRecord record;
  record.id = root.member("id").text();
  record.status = status_from(root.member("status"));
  record.reason = root.member("reason").text();
  record.success_rule = root.member("success_rule").text();
  record.success = root.member("success").boolean();
  record.updates = root.member("updates").integer();
  record.solved_at = optional_integer(root.member("solved_at"));
  record.best_update = root.member("best_update").integer();
  root.member("scalars").for_each_element(
      [&](const JsonField& field) { record.scalars.push_back(scalar_from(field)); });
  root.member("series").for_each_element(
      [&](const JsonField& field) { record.series.push_back(series_from(field)); });
  record.seconds = root.member("seconds").number();
  record.build = root.member("build").text();
  // Not in records of earlier versions.
  if (root.has("host")) record.host = root.member("host").text();
  if (root.has("attempts")) record.attempts = root.member("attempts").integer();
  return record;
}

}  // namespace unroll
