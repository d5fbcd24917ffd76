#include "experiments/sweep/plan_file.hpp"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "experiments/config/config_error.hpp"
#include "experiments/sweep/trial_axes.hpp"
#include "models/cell_table.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

using Json = nlohmann::ordered_json;

constexpr int format_version = 2;  // 1 had the swept keys of each trial only
constexpr const char* format_key = "unroll_plan";
constexpr std::string_view remedy = "choose another --out";

Json value_to_json(const OptionValue& value) {
  if (const auto* file = std::get_if<InputFile>(&value)) return with_hash(*file);
  return std::visit(
      [&](const auto& x) -> Json {
        using X = std::decay_t<decltype(x)>;
        constexpr bool plain = std::is_same_v<X, std::int64_t> || std::is_same_v<X, double> ||
                               std::is_same_v<X, bool> || std::is_same_v<X, std::string> ||
                               std::is_same_v<X, std::vector<std::int64_t>> ||
                               std::is_same_v<X, std::vector<std::string>>;
        if constexpr (plain) return x;
        return to_text(value);
      },
      value);
}

/// A built-in cell may have other equations in a later version: what it had is kept beside its name.
std::string equations_of(const CellList& cells, const CellText& cell) {
  if (is_cell_text(cell)) return cell.text;
  const auto definition = cell_definition(cells, cell);
  return definition ? std::string(definition->source.text()) : "";
}

Json to_json(const Laboratory& laboratory, const Trial& trial) {
  Json line{{"id", trial.id}, {"results_revision", trial.revision}, {"settings", Json::object()}};
  for (const TrialSetting& setting : settings_of(laboratory, trial))
    if (laboratory.options().find(setting.key))
      line["settings"][std::string(setting.key)] = value_to_json(setting.value);
  if (const std::string equations = equations_of(laboratory.cells(), trial.config.model.cell);
      !equations.empty())
    line["equations"] = equations;
  return line;
}

Json to_json(const PlannedConfig& config) {
  return {{"file", config.file},
          {"swept", config.swept},
          {"header", config.header},
          {"resolved", config.resolved}};
}

// ---- Reading ----

/// Not read_input_file(): a text that is gone, or is another by now, changes nothing of what was planned.
InputFile input_file_from(const std::string& text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string::npos) return {text, "", nullptr};
  return {text.substr(0, at), text.substr(at + 1), nullptr};
}

OptionValue value_from(const Json& json, const OptionValue& type) {
  if (std::holds_alternative<std::int64_t>(type)) return json.get<std::int64_t>();
  if (std::holds_alternative<double>(type)) return json.get<double>();
  if (std::holds_alternative<bool>(type)) return json.get<bool>();
  if (std::holds_alternative<std::vector<std::int64_t>>(type)) return json.get<std::vector<std::int64_t>>();
  if (std::holds_alternative<std::vector<std::string>>(type)) return json.get<std::vector<std::string>>();
  const auto text = json.get<std::string>();
  if (std::holds_alternative<LengthRange>(type) && text.empty()) return LengthRange{};
  if (std::holds_alternative<CellText>(type)) return CellText(text);
  if (std::holds_alternative<InputFile>(type)) return input_file_from(text);
  if (const auto value = parse_value(text, type)) return *value;
  throw std::invalid_argument(fmt::format("expected {}, found \"{}\"", type_name(type), printable(text)));
}

/// The built-in cell of that name where it still has these equations.
CellText cell_from(const CellList& cells, const CellText& label, const std::string& equations) {
  const bool built_in =
      find_cell(cells, label) && equations_hash(cells, label) == equations_hash(cells, equations);
  return built_in ? label : CellText(equations);
}

Trial trial_from(const Laboratory& laboratory, const Json& line) {
  Trial trial{line.at("id").get<std::string>(), laboratory.unresolved_defaults()};
  trial.revision = line.at("results_revision").get<int>();
  for (const auto& [key, value] : line.at("settings").items()) {
    const Option* option = laboratory.options().find(key);
    if (!option)
      throw std::invalid_argument(
          fmt::format("the setting \"{}\" is unknown to this version of the program", printable(key)));
    store(option->field(trial.config), value_from(value, option->default_value));
  }
  if (const auto equations = line.find("equations"); equations != line.end())
    trial.config.model.cell =
        cell_from(laboratory.cells(), trial.config.model.cell, equations->get<std::string>());
  laboratory.resolve(trial.config);
  return trial;
}

std::vector<PlannedConfig> configs_from(const Json& line) {
  std::vector<PlannedConfig> configs;
  for (const Json& config : line.at("configs"))
    configs.push_back({config.at("file").get<std::string>(), config.at("header").get<std::string>(),
                       config.at("resolved").get<std::string>(),
                       config.at("swept").get<std::vector<std::string>>()});
  if (configs.empty()) throw std::invalid_argument("expected at least one config");
  return configs;
}

void check_format(const Json& line, const std::string& name) {
  const bool has_format = line.is_object() && line.contains(format_key);
  if (has_format && line.at(format_key) == format_version) return;
  throw ConfigError(fmt::format(
      "{}: was written by {} version of the program, which kept other things of a trial; expected format {}. "
      "To compute it anew {}",
      name, has_format ? "another" : "an earlier", format_version, remedy));
}

}  // namespace

std::string to_lines(const Laboratory& laboratory, const StoredPlan& plan) {
  Json head{{format_key, format_version}, {"configs", Json::array()}};
  for (const PlannedConfig& config : plan.configs) head["configs"].push_back(to_json(config));
  std::string text = head.dump() + '\n';
  for (const Trial& trial : plan.trials) text += to_json(laboratory, trial).dump() + '\n';
  return text;
}

StoredPlan stored_plan_from(const Laboratory& laboratory, std::string_view text, const std::string& name) {
  StoredPlan plan;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    try {
      const Json json = Json::parse(line);
      if (number == 1) check_format(json, name);
      if (number == 1)
        plan.configs = configs_from(json);
      else
        plan.trials.push_back(trial_from(laboratory, json));
    } catch (const ConfigError&) {
      throw;
    } catch (const std::exception& error) {  // of JSON, or of a value
      throw ConfigError(
          fmt::format("{}:{}: {}: the file is damaged, or another version of the program made "
                      "it; {}",
                      name, number, error.what(), remedy));
    }
  }
  if (plan.trials.empty()) throw ConfigError(fmt::format("{}: holds no trials; {}", name, remedy));
  return plan;
}

std::set<std::string> stored_ids(const std::filesystem::path& folder) {
  // As to_lines() begins each trial's line; what else may be wrong with one is for who reads it all.
  constexpr std::string_view before = "{\"id\":\"";
  constexpr std::size_t digits = 32;
  std::ifstream lines(folder / "plan.jsonl", std::ios::binary);
  std::set<std::string> ids;
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(before) && line.size() > before.size() + digits)
      ids.insert(line.substr(before.size(), digits));
  return ids;
}

SweepPlan plan_of(const Laboratory& laboratory, const StoredPlan& stored) {
  SweepPlan plan;
  plan.trials = stored.trials;
  derive_axes(laboratory, plan, stored.configs.front().swept);
  for (const PlannedConfig& config : stored.configs) {
    if (stored.configs.size() > 1) plan.resolved += fmt::format("# ---- {} ----\n", config.file);
    plan.resolved += config.resolved;
  }
  return plan;
}

}  // namespace unroll
