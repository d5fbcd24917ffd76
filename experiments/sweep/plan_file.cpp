#include "experiments/sweep/plan_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "experiments/config/config_error.hpp"
#include "experiments/config/json_field.hpp"
#include "experiments/sweep/trial_axes.hpp"
#include "framework/tensor/file.hpp"
#include "models/cell_table.hpp"
#include "models/language/definition.hpp"
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
  return definition ? definition->whole_text() : "";
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
  Json json{{"file", config.file},
            {"swept", config.swept},
            {"header", config.header},
            {"resolved", config.resolved}};
  if (config.halving)
    json["halving"] = {{"first", config.halving->first},
                       {"factor", config.halving->factor},
                       {"brackets", config.halving->brackets}};
  return json;
}

// ---- Reading ----

/// Not read_input_file(): a text that is gone, or is another by now, changes nothing of what was planned.
InputFile input_file_from(const std::string& text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string::npos) return {text, "", nullptr};
  return {text.substr(0, at), text.substr(at + 1), nullptr};
}

std::vector<std::string> texts_from(const JsonField& field) {
  std::vector<std::string> texts;
  field.for_each_element([&](const JsonField& element) { texts.emplace_back(element.text()); });
  return texts;
}

std::vector<std::int64_t> integers_from(const JsonField& field) {
  std::vector<std::int64_t> integers;
  field.for_each_element([&](const JsonField& element) { integers.push_back(element.integer()); });
  return integers;
}

OptionValue value_from(const JsonField& field, const OptionValue& type) {
  if (std::holds_alternative<std::int64_t>(type)) return field.integer();
  if (std::holds_alternative<double>(type)) return field.number();
  if (std::holds_alternative<bool>(type)) return field.boolean();
  if (std::holds_alternative<std::vector<std::int64_t>>(type)) return integers_from(field);
  if (std::holds_alternative<std::vector<std::string>>(type)) return texts_from(field);
  const std::string text(field.text());
  if (std::holds_alternative<LengthRange>(type) && text.empty()) return LengthRange{};
  if (std::holds_alternative<CellText>(type)) return CellText(text);
  if (std::holds_alternative<InputFile>(type)) return input_file_from(text);
  if (const auto value = parse_value(text, type)) return *value;
  field.refuse(type_name(type), fmt::format("\"{}\"", printable(text)));
}

/// The built-in cell of that name where it still has these equations.
CellText cell_from(const CellList& cells, const CellText& label, std::string_view equations) {
  if (equations_of(cells, label) == equations) return label;  // to the letter, as nearly always
  const CellText stored{std::string(equations)};
  const bool built_in =
      find_cell(cells, label) && equations_hash(cells, label) == equations_hash(cells, stored);
  return built_in ? label : stored;
}

Trial trial_from(const Laboratory& laboratory, const Config& defaults, const JsonField& line) {
  Trial trial{std::string(line.member("id").text()), defaults};
  trial.revision = static_cast<int>(line.member("results_revision").integer());
  line.member("settings").for_each_member([&](std::string_view key, const JsonField& value) {
    const Option* option = laboratory.options().find(key);
    if (!option)
      throw std::invalid_argument(
          fmt::format("the setting \"{}\" is unknown to this version of the program", printable(key)));
    store(option->field(trial.config), value_from(value, option->default_value));
  });
  if (line.has("equations"))
    trial.config.model.cell =
        cell_from(laboratory.cells(), trial.config.model.cell, line.member("equations").text());
  laboratory.resolve(trial.config);
  return trial;
}

std::optional<Halving> halving_from(const JsonField& config) {
  if (!config.has("halving")) return std::nullopt;
  const JsonField halving = config.member("halving");
  return Halving{halving.member("first").integer(), halving.member("factor").integer(),
                 halving.member("brackets").integer()};
}

std::vector<PlannedConfig> configs_from(const JsonField& line) {
  std::vector<PlannedConfig> configs;
  line.member("configs").for_each_element([&](const JsonField& config) {
    configs.push_back({std::string(config.member("file").text()), std::string(config.member("header").text()),
                       std::string(config.member("resolved").text()), texts_from(config.member("swept")),
                       halving_from(config)});
  });
  if (configs.empty()) throw std::invalid_argument("expected at least one config");
  return configs;
}

void check_format(const JsonField& line, const std::string& name) {
  const bool has_format = line.has(format_key);
  if (has_format && line.member(format_key).integer() == format_version) return;
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
  const Config defaults = laboratory.unresolved_defaults();
  simdjson::dom::parser parser;
  for (int number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    try {
      const JsonField json = parse_json(parser, line, "plan");
      if (number == 1) check_format(json, name);
      if (number == 1)
        plan.configs = configs_from(json);
      else
        plan.trials.push_back(trial_from(laboratory, defaults, json));
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

std::string plan_file_name(std::size_t n) { return n == 1 ? "plan.jsonl" : fmt::format("plan-{}.jsonl", n); }

std::string config_file_name(std::size_t n) {
  return n == 1 ? "sweep.toml" : fmt::format("sweep-{}.toml", n);
}

namespace {

/// The number of a plan file; 0 of another one.
std::size_t number_of(const std::string& name) {
  if (name == plan_file_name(1)) return 1;
  std::size_t number = 0;
  constexpr std::string_view before = "plan-";
  if (!name.starts_with(before)) return 0;
  std::from_chars(name.data() + before.size(), name.data() + name.size(), number);
  return number > 1 && name == plan_file_name(number) ? number : 0;
}

}  // namespace

std::vector<std::filesystem::path> plan_files(const std::filesystem::path& folder) {
  std::map<std::size_t, std::filesystem::path> numbered;
  std::error_code error;
  const std::filesystem::directory_iterator end;
  for (std::filesystem::directory_iterator at(folder, error); !error && at != end; at.increment(error))
    if (const std::size_t number = number_of(at->path().filename().string())) numbered[number] = at->path();
  if (error && error != std::errc::no_such_file_or_directory && error != std::errc::not_a_directory)
    throw FileError("cannot read the folder", folder, error.value());
  std::vector<std::filesystem::path> files;
  for (const auto& [number, path] : numbered) files.push_back(path);
  return files;
}

std::set<std::string> stored_ids(const std::filesystem::path& folder) {
  // As to_lines() begins each trial's line; what else may be wrong with one is for who reads it all.
  constexpr std::string_view before = "{\"id\":\"";
  constexpr std::size_t digits = 32;
  std::set<std::string> ids;
  for (const std::filesystem::path& file : plan_files(folder)) {
    std::ifstream lines(file, std::ios::binary);
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with(before) && line.size() > before.size() + digits)
        ids.insert(line.substr(before.size(), digits));
  }
  return ids;
}

std::vector<PlannedConfig> stored_configs(const std::filesystem::path& folder) {
  std::vector<PlannedConfig> configs;
  simdjson::dom::parser parser;
  for (const std::filesystem::path& file : plan_files(folder)) {
    std::ifstream lines(file, std::ios::binary);
    std::string line;
    std::getline(lines, line);
    try {
      std::ranges::move(configs_from(parse_json(parser, line, "plan")), std::back_inserter(configs));
    } catch (const std::invalid_argument&) {  // who reads all of it says so
    }
  }
  return configs;
}

std::string headers_of(const std::vector<PlannedConfig>& configs) {
  std::string headers;
  for (const PlannedConfig& config : configs) headers += config.header;
  return headers;
}

SweepPlan plan_of(const Laboratory& laboratory, const StoredPlan& stored) {
  SweepPlan plan;
  plan.trials = stored.trials;
  derive_axes(laboratory, plan, stored.configs.front().swept);
  plan.halving = stored.configs.front().halving;
  for (const PlannedConfig& config : stored.configs) {
    if (stored.configs.size() > 1) plan.resolved += fmt::format("# ---- {} ----\n", config.file);
    plan.resolved += config.resolved;
  }
  plan.header = headers_of(stored.configs);
  return plan;
}

}  // namespace unroll
