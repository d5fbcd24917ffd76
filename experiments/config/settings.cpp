#include "experiments/config/settings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "experiments/config/config_error.hpp"
#include "experiments/config/include.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

// Keys of a file that are no settings.
constexpr std::string_view sweep_key = "sweep";
constexpr std::string_view revision_key = "results_revision";

void flatten_into(const OptionTable& options, const TomlDocument& document, const TomlTable& table,
                  const std::string& prefix, std::vector<Assignment>& out) {
  for (const TomlMember& member : table) {
    const std::string key = prefix + member.key;
    const std::string origin = place(document.name, member.at);
    const auto* inner = std::get_if<TomlTable>(&member.node.value);
    const Option* option = options.find(key);
    const bool more_of_family = inner && option && option->of_family;  // names of members may have dots
    if (option && !more_of_family) {
      out.push_back({option, &member.node, origin});
    } else if (inner && (more_of_family || options.is_section(key) || options.is_family(key))) {
      flatten_into(options, document, *inner, key + ".", out);
    } else if (options.is_section(key)) {
      throw ConfigError(
          fmt::format("{}: {}: expected a table [{}], found {}", origin, key, key, describe(member.node)));
    } else {
      refuse_unknown_key(options, key, origin);
    }
  }
}

void refuse_repeated_keys(const std::vector<Assignment>& assignments) {
  std::map<std::string_view, std::string> seen;
  for (const Assignment& a : assignments) {
    const auto [first, fresh] = seen.emplace(a.option->key, a.origin);
    if (fresh) continue;
    throw ConfigError(
        fmt::format("{}: {} is given twice; first at {}", a.origin, a.option->key, first->second));
  }
}

/// The node as an item of a list; a whole number may stand for its digits.
template <class Item>
std::optional<Item> item_of(const TomlNode& node) {
  if (const auto* item = std::get_if<Item>(&node.value)) return *item;
  const auto* integer = std::get_if<std::int64_t>(&node.value);
  if constexpr (std::is_same_v<Item, std::string>)
    if (integer) return std::to_string(*integer);
  return std::nullopt;
}

/// A list of items of one type, or an item alone.
template <class Item>
std::optional<OptionValue> list_of(const TomlNode& node) {
  std::vector<Item> items;
  const auto take = [&](const TomlNode& one) {
    std::optional<Item> item = item_of<Item>(one);
    if (item) items.push_back(std::move(*item));
    return item.has_value();
  };
  if (const auto* array = std::get_if<TomlArray>(&node.value)) {
    if (!std::ranges::all_of(*array, take)) return std::nullopt;
  } else if (!take(node)) {
    return std::nullopt;
  }
  return items;
}

/// The node as a value of the option's type: integers may stand for numbers and, like strings, for seeds
/// and amounts of memory.
std::optional<OptionValue> convert(const TomlDocument& document, const TomlNode& node,
                                   const OptionValue& type) {
  const auto* integer = std::get_if<std::int64_t>(&node.value);
  const auto* text = std::get_if<std::string>(&node.value);
  if (std::holds_alternative<std::string>(type))
    return text ? std::optional<OptionValue>(*text) : std::nullopt;
  if (std::holds_alternative<CellText>(type)) {
    if (!text) return std::nullopt;
    return read_cell(*text, std::filesystem::path(document.name).parent_path());
  }
  if (std::holds_alternative<InputFile>(type)) {
    if (!text) return std::nullopt;
    return read_input_file(*text, std::filesystem::path(document.name).parent_path());
  }
  if (std::holds_alternative<LengthRange>(type)) {
    if (text) return text->empty() ? LengthRange{} : parse_value(*text, type);
    return integer ? parse_value(fmt::format("{}", *integer), type) : std::nullopt;
  }
  if (std::holds_alternative<std::vector<std::int64_t>>(type)) return list_of<std::int64_t>(node);
  if (std::holds_alternative<std::vector<std::string>>(type)) return list_of<std::string>(node);
  if (std::holds_alternative<std::uint64_t>(type)) {
    if (text) return parse_value(*text, type);
    if (integer && *integer >= 0) return static_cast<std::uint64_t>(*integer);
    return std::nullopt;
  }
  if (std::holds_alternative<double>(type)) {
    if (integer) return static_cast<double>(*integer);
    const auto* real = std::get_if<double>(&node.value);
    return real && std::isfinite(*real) ? std::optional<OptionValue>(*real + 0.0) : std::nullopt;
  }
  if (std::holds_alternative<bool>(type)) {
    const auto* flag = std::get_if<bool>(&node.value);
    return flag ? std::optional<OptionValue>(*flag) : std::nullopt;
  }
  if (std::holds_alternative<Bytes>(type)) {
    if (text) return parse_value(*text, type);
    if (integer && *integer >= 0) return Bytes{static_cast<std::uint64_t>(*integer)};
    return std::nullopt;
  }
  return integer ? std::optional<OptionValue>(*integer) : std::nullopt;
}

/// What would have been right, where the value is right but quoted.
std::string quotes_hint(const Option& option, const TomlNode& node) {
  const auto* text = std::get_if<std::string>(&node.value);
  const bool is_text = std::holds_alternative<CellText>(option.default_value);
  return text && !is_text && parse_value(*text, option.default_value) ? " (write it without quotes)" : "";
}

std::string list_hint(const Option& option, const TomlNode& node) {
  if (!std::holds_alternative<TomlArray>(node.value)) return "";
  return fmt::format(" (to sweep it, write \"{}\" = [...] in [sweep])", option.key);
}

/// "1-5" or "1:5" as 1..5; none.
std::optional<std::string> meant_range(std::string_view text) {
  const auto digits = [](std::string_view part) {
    return !part.empty() && part.find_first_not_of("0123456789") == part.npos;
  };
  const std::size_t between = text.find_first_of("-:");
  if (between == text.npos || !digits(text.substr(0, between)) || !digits(text.substr(between + 1)))
    return std::nullopt;
  return fmt::format("{}..{}", text.substr(0, between), text.substr(between + 1));
}

/// What would have been right, where a range has no step, or other signs.
std::string steps_hint(const Option& option, std::string_view text) {
  const bool is_seed = std::holds_alternative<std::uint64_t>(option.default_value);
  const bool is_number = is_seed || std::holds_alternative<std::int64_t>(option.default_value) ||
                         std::holds_alternative<double>(option.default_value);
  const auto range = meant_range(text);
  if (is_seed && range) return fmt::format("; did you mean {}?", *range);
  const bool is_range = range || text.find("..") != text.npos;
  return is_number && is_range ? " (several values are FIRST..LAST:STEP, like 10..100:10)" : "";
}

/// An integer that is written as a number with a point or an exponent.
std::string whole_hint(const Option& option, std::string_view text) {
  constexpr double most = 1e15;
  const auto number = parse_value(text, double{});
  if (!std::holds_alternative<std::int64_t>(option.default_value) || !number) return "";
  const double value = std::get<double>(*number);
  return std::abs(value) <= most && value == std::floor(value) ? fmt::format("; did you mean {:.0f}?", value)
                                                               : "";
}

/// Whose it is, where few tasks have it: a value for a setting of another task is often of another type.
std::string owners_hint(const Option& option) {
  constexpr std::size_t few = 3;
  if (option.owners.empty() || option.owners.size() > few) return "";
  return fmt::format("; a setting of {} only", fmt::join(option.owners, ", "));
}

void refuse_objection(const Option& option, const Setting& setting) {
  const std::string why = objection(option, setting.value);
  if (!why.empty()) throw ConfigError(fmt::format("{}: {}: {}", setting.origin, option.key, why));
}

}  // namespace

void refuse_unknown_key(const OptionTable& options, std::string_view key, const std::string& origin) {
  if (options.is_section(key)) {
    throw ConfigError(fmt::format("{}: \"{}\" is a section, not a key. Known keys: {}", origin, key,
                                  fmt::join(options.keys_of(key), ", ")));
  }
  std::vector<std::string> candidates = options.keys();
  const std::string section(section_of(key));
  const bool known_section = !section.empty() && options.is_section(section);
  if (section.empty()) {
    candidates.insert(candidates.end(), options.sections().begin(), options.sections().end());
    if (key != sweep_key) candidates.emplace_back(sweep_key);
    candidates.emplace_back(include_key);
  }
  // A key without its section, like `length`, is the last part of a known one.
  const std::optional<std::string> called = key_called(options, key);
  const std::string hint =
      called ? fmt::format("; did you mean \"{}\"?", *called) : did_you_mean(key, candidates);
  const std::vector<std::string>& listed = known_section ? options.keys_of(section) : options.sections();
  throw ConfigError(fmt::format("{}: unknown key \"{}\"{} Known {}: {}", origin, printable(key),
                                hint.empty() ? "." : hint, known_section ? "keys" : "sections",
                                fmt::join(listed, ", ")));
}

std::vector<Assignment> flatten(const OptionTable& options, const TomlDocument& document,
                                const TomlTable& table) {
  std::vector<Assignment> assignments;
  flatten_into(options, document, table, "", assignments);
  refuse_repeated_keys(assignments);
  return assignments;
}

Setting read_setting(const TomlDocument& document, const Option& option, const TomlNode& node) {
  const std::string origin = place(document.name, node.at);
  std::optional<OptionValue> value = convert(document, node, option.default_value);
  if (!value) {
    throw ConfigError(fmt::format("{}: {}: expected {}, found {}{}{}{}", origin, option.key,
                                  expectation(option), describe(node), quotes_hint(option, node),
                                  list_hint(option, node), owners_hint(option)));
  }
  Setting setting{std::move(*value), origin};
  refuse_objection(option, setting);
  return setting;
}

Setting read_setting(const Option& option, std::string_view text, const std::string& origin) {
  std::optional<OptionValue> value = parse_value(text, option.default_value);
  if (!value) {
    throw ConfigError(fmt::format("{}: {}: expected {}, found \"{}\"{}{}{}", origin, option.key,
                                  expectation(option), printable(text), steps_hint(option, text),
                                  whole_hint(option, text), owners_hint(option)));
  }
  Setting setting{std::move(*value), origin};
  refuse_objection(option, setting);
  return setting;
}

Settings read_settings(const OptionTable& options, const TomlDocument& document) {
  TomlTable table;
  for (const TomlMember& member : document.root) {
    const bool is_integer = std::holds_alternative<std::int64_t>(member.node.value);
    if (member.key == revision_key && !is_integer) {
      throw ConfigError(fmt::format("{}: {}: expected an integer, found {}",
                                    place(document.name, member.node.at), revision_key,
                                    describe(member.node)));
    }
    const bool is_saved = member.key == saved_key && std::holds_alternative<TomlTable>(member.node.value);
    const bool is_setting =
        member.key != sweep_key && member.key != revision_key && member.key != include_key;
    if (is_setting && !is_saved) table.push_back(member);
  }
  Settings settings;
  for (const Assignment& a : flatten(options, document, table)) {
    settings.emplace(a.option->key, read_setting(document, *a.option, *a.node));
  }
  return settings;
}

const TomlTable* sweep_table(const TomlDocument& document) {
  for (const TomlMember& member : document.root) {
    if (member.key != sweep_key) continue;
    if (const auto* table = std::get_if<TomlTable>(&member.node.value)) return table;
    throw ConfigError(fmt::format("{}: sweep: expected a table [sweep], found {}",
                                  place(document.name, member.at), describe(member.node)));
  }
  return nullptr;
}

void apply_settings(const OptionTable& options, const Settings& settings, Config& config) {
  for (const auto& [key, setting] : settings) store(options.find(key)->field(config), setting.value);
}

}  // namespace unroll
