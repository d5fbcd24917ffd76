#include "experiments/sweep/read_axis.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "experiments/config/config_error.hpp"
#include "experiments/config/steps.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

using SettingPoint = std::vector<Setting>;

constexpr auto most_seeds = static_cast<std::int64_t>(most_trials);

/// A member of seed = { first = 1, count = 5 }, as an unsigned number.
std::uint64_t seed_member(const OptionTable& options, const TomlDocument& document,
                          const TomlMember& member) {
  if (member.key != "first" && member.key != "count") {
    throw ConfigError(fmt::format(
        "{}: sweep.seed: unknown key \"{}\"{} Known keys: first, count", place(document.name, member.at),
        printable(member.key),
        nearest(member.key, {"first", "count"}) ? did_you_mean(member.key, {"first", "count"}) : "."));
  }
  if (member.key == "first") {
    return std::get<std::uint64_t>(read_setting(document, *options.find("seed"), member.node).value);
  }
  const auto* count = std::get_if<std::int64_t>(&member.node.value);
  if (count && *count >= 1 && *count <= most_seeds) return static_cast<std::uint64_t>(*count);
  throw ConfigError(fmt::format("{}: sweep.seed.count: expected an integer from 1 to {}, found {}",
                                place(document.name, member.node.at), most_seeds, describe(member.node)));
}

std::vector<SettingPoint> read_seed_count(const OptionTable& options, const TomlDocument& document,
                                          const TomlTable& table, const std::string& origin,
                                          const Settings& base) {
  const auto at_base = base.find("seed");
  std::uint64_t first = std::get<std::uint64_t>(at_base == base.end() ? options.find("seed")->default_value
                                                                      : at_base->second.value);
  std::optional<std::uint64_t> count;
  for (const TomlMember& member : table) {
    const std::uint64_t number = seed_member(options, document, member);
    if (member.key == "first") first = number;
    if (member.key == "count") count = number;
  }
  if (!count) throw ConfigError(fmt::format("{}: seed: expected {{ count = N }}, found no count", origin));
  if (*count - 1 > std::numeric_limits<std::uint64_t>::max() - first) {
    throw ConfigError(fmt::format("{}: seed: {} seeds from {} on go beyond 2^64 - 1", origin, *count, first));
  }
  std::vector<SettingPoint> points;
  for (std::uint64_t i = 0; i < *count; ++i) points.push_back({{first + i, origin}});
  return points;
}

/// Throws for a value that the setting cannot have, though it lies between others that it can.
void refuse_objection(const Option& option, const Setting& setting) {
  const std::string why = objection(option, setting.value);
  if (!why.empty()) throw ConfigError(fmt::format("{}: {}: {}", setting.origin, option.key, why));
}

/// Whether `text` is of the form FIRST..LAST:STEP; its values are then points.
bool take_steps(const Option& option, std::string_view text, const std::string& origin,
                std::vector<SettingPoint>& points) {
  const auto values = parse_steps(option, text, origin);
  if (!values) return false;
  for (const OptionValue& value : *values) {
    points.push_back({{value, origin}});
    refuse_objection(option, points.back().front());
  }
  return true;
}

void take_item(const TomlDocument& document, const Option& option, const TomlNode& item,
               std::vector<SettingPoint>& points) {
  const auto* text = std::get_if<std::string>(&item.value);
  if (text && take_steps(option, *text, place(document.name, item.at), points)) return;
  points.push_back({read_setting(document, option, item)});
}

bool is_steps(const TomlNode& node) {
  const auto* text = std::get_if<std::string>(&node.value);
  return text && text->find("..") != std::string::npos && text->find(':') != std::string::npos;
}

[[noreturn]] void refuse_axis(const TomlDocument& document, const Assignment& a) {
  const bool is_seed = a.option->key == "seed";
  throw ConfigError(fmt::format(
      "{}: axis {}: expected a list of values{}, found {}{}", place(document.name, a.node->at), a.option->key,
      is_seed ? " or { count = N }" : "", describe(*a.node),
      is_seed ? ""
              : "; also steps like \"10..100:10\" and distributions like { uniform = [0, 1] } are axes"));
}

/// As an override says what its option cannot.
void forget_places(TomlNode& node) {
  node.at = {};
  if (auto* items = std::get_if<TomlArray>(&node.value))
    for (TomlNode& item : *items) forget_places(item);
  if (auto* members = std::get_if<TomlTable>(&node.value))
    for (TomlMember& member : *members) {
      member.at = {};
      forget_places(member.node);
    }
}

bool is_table(const Override& override_) {
  const OptionValue& type = override_.option->default_value;
  return override_.text.starts_with('{') && !std::holds_alternative<InputFile>(type) &&
         override_.option->affects_results;
}

}  // namespace

ConfigAxis read_axis(const OptionTable& options, const TomlDocument& document, const Assignment& a,
                     const Settings& base) {
  refuse_unsweepable(*a.option, a.origin);
  const auto* table = std::get_if<TomlTable>(&a.node->value);
  ConfigAxis axis{.keys = {a.option}};
  if (table && a.option->key == "seed") {
    axis.points = read_seed_count(options, document, *table, a.origin, base);
    return axis;
  }
  if (table) {
    axis.drawn = read_distribution(document, *a.option, *a.node, a.origin);
    return axis;
  }
  if (const auto* array = std::get_if<TomlArray>(&a.node->value)) {
    for (const TomlNode& item : *array) take_item(document, *a.option, item, axis.points);
    if (axis.points.empty())
      throw ConfigError(fmt::format("{}: the axis {} is empty", a.origin, a.option->key));
  } else if (is_steps(*a.node)) {
    take_item(document, *a.option, *a.node, axis.points);
  } else {
    refuse_axis(document, a);
  }
  return axis;
}

bool makes_axis(const Override& override_) {
  if (!override_.option->affects_results) return false;
  if (override_.items.size() > 1 || is_table(override_)) return true;
  return parse_steps(*override_.option, override_.text, override_.origin).has_value();
}

TomlNode inline_value(const std::string& text, const std::string& origin) {
  TomlDocument document = parse_document("value = " + text, origin);
  if (document.root.size() != 1)
    throw ConfigError(fmt::format("{}: expected one table in braces, found more", origin));
  forget_places(document.root.front().node);
  return std::move(document.root.front().node);
}

ConfigAxis read_axis(const OptionTable& options, const Override& override_, const Settings& base) {
  const Option& option = *override_.option;
  refuse_unsweepable(option, override_.origin);
  if (is_table(override_)) {
    const TomlNode node = inline_value(override_.text, override_.origin);
    return read_axis(options, {override_.origin, {}}, {&option, &node, override_.origin}, base);
  }
  ConfigAxis axis{.keys = {&option}};
  for (const std::string& item : override_.items)
    if (!take_steps(option, item, override_.origin, axis.points))
      axis.points.push_back({read_setting(option, item, override_.origin)});
  return axis;
}

}  // namespace unroll
