#include "experiments/verbs/run_json.hpp"

#include <cmath>

#include "experiments/config/text.hpp"
#include "experiments/sweep/trial_axes.hpp"

namespace unroll {
namespace {

using Json = nlohmann::ordered_json;

/// Numbers and truth values as such, the rest as it is written in a config.
Json to_json(const OptionValue& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer;
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* truth = std::get_if<bool>(&value)) return *truth;
  if (const auto* seed = std::get_if<std::uint64_t>(&value)) return *seed;
  return to_text(value);
}

Json object_of(const Laboratory& laboratory, const Trial& trial, const TrialRecord& record,
               const std::filesystem::path& folder) {
  Json json{{"id", record.id},
            {"status", status_name(record.status)},
            {"reason", record.reason},
            {"success", record.success},
            {"solved_at", record.solved_at ? Json(*record.solved_at) : Json(nullptr)},
            {"updates", record.updates},
            {"best_update", record.best_update},
            {"seconds", record.seconds},
            {"metrics", Json::object()},
            {"settings", Json::object()},
            {"folder", folder.string()}};
  for (const Scalar& scalar : record.scalars)
    json["metrics"][scalar.name] = std::isfinite(scalar.value) ? Json(scalar.value) : Json(nullptr);
  for (const TrialSetting& setting : settings_of(laboratory, trial))
    json["settings"][std::string(setting.key)] = to_json(setting.value);
  return json;
}

}  // namespace

std::string run_json(const Laboratory& laboratory, const Trial& trial, const TrialRecord& record,
                     const std::filesystem::path& folder) {
  return object_of(laboratory, trial, record, folder).dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json run_row(const Laboratory& laboratory, const Trial& trial, const TrialRecord& record,
             const std::filesystem::path& folder) {
  const Json object = object_of(laboratory, trial, record, folder);
  Json row = Json::object();
  for (const auto& [name, value] : object.items()) {
    if (value.is_object())
      row.update(value);
    else
      row[name] = value;
  }
  return row;
}

}  // namespace unroll
