#include "experiments/export/exported_sweep.hpp"

#include "experiments/laboratory.hpp"
#include "experiments/sweep/plan_file.hpp"

namespace unroll {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t largest_exact = std::uint64_t{1} << 53;

/// The line of plan.jsonl that is a trial's: there is no other way in which settings are written.
Json planned_line(const Laboratory& laboratory, const Trial& trial) {
  const std::string lines = to_lines(laboratory, {{}, {trial}});
  return Json::parse(lines.substr(lines.find('\n') + 1));
}

/// What plan.jsonl has as text, as a number where it is one.
Json typed(const OptionValue& type, const std::string& text) {
  if (std::holds_alternative<std::uint64_t>(type)) {
    const std::uint64_t seed = std::stoull(text);
    return seed <= largest_exact ? Json(seed) : Json(text);
  }
  if (!std::holds_alternative<LengthRange>(type)) return text;
  const std::optional<LengthRange> length = parse_length_range(text);
  return length && length->fixed() ? Json(length->most) : Json(text);
}

}  // namespace

Json settings_as_json(const Laboratory& laboratory, const Trial& trial) {
  const Json line = planned_line(laboratory, trial);
  Json settings = line.at("settings");
  for (auto& [key, value] : settings.items()) {
    const Option* option = laboratory.options().find(key);
    if (option && value.is_string()) value = typed(option->default_value, value.get<std::string>());
  }
  settings["results_revision"] = line.at("results_revision");
  return settings;
}

}  // namespace unroll
