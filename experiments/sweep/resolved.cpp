#include "experiments/sweep/resolved.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "experiments/sweep/trial_id.hpp"

namespace unroll {

namespace {

bool is_swept(const Option& option, const std::vector<ConfigAxis>& axes) {
  return std::any_of(axes.begin(), axes.end(), [&](const ConfigAxis& axis) {
    return std::find(axis.keys.begin(), axis.keys.end(), &option) != axis.keys.end();
  });
}

/// As TOML allows it without quotes: ASCII letters, digits, _ and -.
bool is_bare(std::string_view part) {
  return std::ranges::all_of(part, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

/// Within its section: "length", "constants.dt".
std::string key_in_section(std::string_view key) {
  const std::string_view rest = key.substr(key.find('.') + 1);
  const std::size_t dot = rest.find('.');
  if (dot == std::string_view::npos || is_bare(rest.substr(dot + 1))) return std::string(rest);
  return fmt::format("{}.\"{}\"", rest.substr(0, dot), rest.substr(dot + 1));
}

std::string setting_line(const Option& option, const OptionValue& value) {
  const std::string assignment = fmt::format("{} = {}", key_in_section(option.key), to_toml(value));
  return fmt::format("{:<32} # {}\n", assignment, option.meaning);
}

std::string axis_key(const Option& option) {
  return option.key.find('.') == std::string_view::npos ? std::string(option.key)
                                                        : fmt::format("\"{}\"", option.key);
}

std::string list_axis(const ConfigAxis& axis) {
  std::vector<std::string> values;
  for (const auto& point : axis.points) values.push_back(to_toml(point.front().value));
  return fmt::format("{} = [{}]\n", axis_key(*axis.keys.front()), fmt::join(values, ", "));
}

std::string cases_axis(const ConfigAxis& axis) {
  std::string text = "cases = [\n";
  for (const auto& point : axis.points) {
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < point.size(); ++i) {
      if (is_unset(point[i].value)) continue;
      parts.push_back(fmt::format("{} = {}", axis_key(*axis.keys[i]), to_toml(point[i].value)));
    }
    text += fmt::format("  {{ {} }},\n", fmt::join(parts, ", "));
  }
  return text + "]\n";
}

}  // namespace

std::string resolved_toml(const Laboratory& laboratory, Config config, const std::vector<ConfigAxis>& axes) {
  std::string text =
      "# Every setting that affects results, written by unroll; itself a config to run again.\n";
  text += fmt::format("results_revision = {}\n", results_revision);
  std::string_view section;
  for (const Option* option : laboratory.rows_of(config)) {
    if (section_of(option->key) != section) {
      section = section_of(option->key);
      text += fmt::format("\n[{}]\n", section);
    }
    if (!option->affects_results) continue;
    text += is_swept(*option, axes) ? fmt::format("# {}: swept, see below\n", key_in_section(option->key))
                                    : setting_line(*option, load(option->field(config)));
  }
  if (!axes.empty()) text += "\n[sweep]\n";
  for (const ConfigAxis& axis : axes) text += axis.keys.size() == 1 ? list_axis(axis) : cases_axis(axis);
  return text;
}

}  // namespace unroll
