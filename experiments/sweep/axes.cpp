#include "experiments/sweep/axes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <set>

#include "experiments/config/config_error.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

constexpr std::string_view cases_key = "cases";
constexpr std::int64_t most_seeds = 1'000'000;

using Point = std::vector<Setting>;

std::vector<std::string> key_names(const std::vector<const Option*>& keys) {
  std::vector<std::string> names;
  for (const Option* option : keys) names.emplace_back(option->key);
  return names;
}

std::vector<OptionValue> values_of(const Point& point) {
  std::vector<OptionValue> values;
  for (const Setting& setting : point) values.push_back(setting.value);
  return values;
}

void refuse_unsweepable(const Option& option, const std::string& origin) {
  if (option.affects_results) return;
  throw ConfigError(fmt::format("{}: {} cannot be swept: it does not affect results", origin, option.key));
}

void refuse_repeated_points(const ConfigAxis& axis) {
  std::map<std::vector<OptionValue>, std::string> seen;
  for (std::size_t i = 0; i < axis.points.size(); ++i) {
    const std::string& origin = axis.points[i].front().origin;
    const auto [first, fresh] = seen.emplace(values_of(axis.points[i]), origin);
    if (fresh) continue;
    throw ConfigError(fmt::format("{}: the point {} is there twice; first at {}", origin, point_name(axis, i),
                                  first->second));
  }
}

ConfigAxis checked(ConfigAxis axis) {
  refuse_repeated_points(axis);
  return axis;
}

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

std::vector<Point> read_seed_count(const OptionTable& options, const TomlDocument& document,
                                   const TomlTable& table, const std::string& origin, const Settings& base) {
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
  std::vector<Point> points;
  for (std::uint64_t i = 0; i < *count; ++i) points.push_back({{first + i, origin}});
  return points;
}

std::vector<Point> read_list(const TomlDocument& document, const Option& option, const TomlArray& array) {
  std::vector<Point> points;
  for (const TomlNode& item : array) points.push_back({read_setting(document, option, item)});
  return points;
}

ConfigAxis read_axis(const OptionTable& options, const TomlDocument& document, const Assignment& a,
                     const Settings& base) {
  refuse_unsweepable(*a.option, a.origin);
  const auto* array = std::get_if<TomlArray>(&a.node->value);
  const auto* table = std::get_if<TomlTable>(&a.node->value);
  const bool is_seed = a.option->key == "seed";
  if (table && is_seed) return {{a.option}, read_seed_count(options, document, *table, a.origin, base)};
  if (!array) {
    throw ConfigError(fmt::format("{}: axis {}: expected a list of values{}, found {}",
                                  place(document.name, a.node->at), a.option->key,
                                  is_seed ? " or { count = N }" : "", describe(*a.node)));
  }
  if (array->empty()) throw ConfigError(fmt::format("{}: the axis {} is empty", a.origin, a.option->key));
  return checked({{a.option}, read_list(document, *a.option, *array)});
}

const Assignment* assignment_of(const std::vector<Assignment>& assignments, const Option* option) {
  const auto at = std::find_if(assignments.begin(), assignments.end(),
                               [&](const Assignment& a) { return a.option == option; });
  return at == assignments.end() ? nullptr : &*at;
}

/// One case, its settings in the order of the axis' keys.
Point read_case(const TomlDocument& document, const ConfigAxis& axis,
                const std::vector<Assignment>& assignments, const std::string& name) {
  Point point;
  for (const Option* option : axis.keys) {
    const Assignment* a = assignment_of(assignments, option);
    if (!a && option->of_family) {  // of another case's cell
      point.push_back({unset, name});
      continue;
    }
    if (!a) {
      throw ConfigError(fmt::format("{} lacks {}: all cases need the same keys ({})", name, option->key,
                                    fmt::join(key_names(axis.keys), ", ")));
    }
    point.push_back(read_setting(document, *option, *a->node));
  }
  for (const Assignment& a : assignments) {
    if (std::find(axis.keys.begin(), axis.keys.end(), a.option) != axis.keys.end()) continue;
    throw ConfigError(fmt::format("{} has {}, which the first case lacks: all cases need the same keys ({})",
                                  name, a.option->key, fmt::join(key_names(axis.keys), ", ")));
  }
  return point;
}

std::vector<Assignment> flatten_case(const OptionTable& options, const TomlDocument& document,
                                     const TomlNode& node, const std::string& name) {
  const auto* table = std::get_if<TomlTable>(&node.value);
  if (!table) throw ConfigError(fmt::format("{}: expected a table of keys, found {}", name, describe(node)));
  std::vector<Assignment> assignments = flatten(options, document, *table);
  if (assignments.empty()) throw ConfigError(fmt::format("{} is empty", name));
  for (const Assignment& a : assignments) refuse_unsweepable(*a.option, a.origin);
  return assignments;
}

/// The keys of the first case, and the constants that any has: not every cell has the same.
std::vector<const Option*> case_keys(const std::vector<std::vector<Assignment>>& cases) {
  std::vector<const Option*> keys;
  for (const std::vector<Assignment>& assignments : cases)
    for (const Assignment& a : assignments) {
      const bool wanted = &assignments == &cases.front() || a.option->of_family;
      if (wanted && std::find(keys.begin(), keys.end(), a.option) == keys.end()) keys.push_back(a.option);
    }
  return keys;
}

ConfigAxis read_cases(const OptionTable& options, const TomlDocument& document, const TomlMember& member) {
  const std::string origin = place(document.name, member.at);
  const auto* array = std::get_if<TomlArray>(&member.node.value);
  if (!array) {
    throw ConfigError(
        fmt::format("{}: cases: expected a list of tables, found {}", origin, describe(member.node)));
  }
  if (array->empty()) throw ConfigError(fmt::format("{}: the axis cases is empty", origin));
  std::vector<std::string> names;
  std::vector<std::vector<Assignment>> cases;
  for (std::size_t i = 0; i < array->size(); ++i) {
    const TomlNode& node = (*array)[i];
    names.push_back(fmt::format("{}: case {}", place(document.name, node.at), i + 1));
    cases.push_back(flatten_case(options, document, node, names.back()));
  }
  ConfigAxis axis{case_keys(cases), {}};
  for (std::size_t i = 0; i < cases.size(); ++i)
    axis.points.push_back(read_case(document, axis, cases[i], names[i]));
  return checked(std::move(axis));
}

void refuse_shared_keys(const std::vector<ConfigAxis>& axes) {
  std::map<const Option*, std::string> seen;
  for (const ConfigAxis& axis : axes) {
    for (std::size_t i = 0; i < axis.keys.size(); ++i) {
      const std::string& origin = axis.points.front()[i].origin;
      const auto [first, fresh] = seen.emplace(axis.keys[i], origin);
      if (fresh) continue;
      throw ConfigError(fmt::format("{}: {} is in two axes; the other one is at {}", origin,
                                    axis.keys[i]->key, first->second));
    }
  }
}

bool has_key(const ConfigAxis& axis, const Option* option) {
  return std::find(axis.keys.begin(), axis.keys.end(), option) != axis.keys.end();
}

/// Takes a key out of zipped cases; those that are then the same count once.
void remove_key(ConfigAxis& axis, const Option* option) {
  const auto index = std::find(axis.keys.begin(), axis.keys.end(), option) - axis.keys.begin();
  axis.keys.erase(axis.keys.begin() + index);
  std::set<std::vector<OptionValue>> seen;
  std::vector<Point> kept;
  for (Point& point : axis.points) {
    point.erase(point.begin() + index);
    if (seen.insert(values_of(point)).second) kept.push_back(std::move(point));
  }
  axis.points = std::move(kept);
}

ConfigAxis axis_of(const Override& override_) {
  refuse_unsweepable(*override_.option, override_.origin);
  ConfigAxis axis{{override_.option}, {}};
  for (const std::string& item : override_.items) {
    axis.points.push_back({read_setting(*override_.option, item, override_.origin)});
  }
  return checked(std::move(axis));
}

void apply_override(const Override& override_, Settings& settings, std::vector<ConfigAxis>& axes) {
  const Option* option = override_.option;
  const bool makes_axis = override_.items.size() > 1;
  const auto old =
      std::find_if(axes.begin(), axes.end(), [&](const ConfigAxis& a) { return has_key(a, option); });
  const bool replaces = makes_axis && old != axes.end() && old->keys.size() == 1;
  if (replaces) {
    *old = axis_of(override_);
    return;
  }
  if (old != axes.end() && old->keys.size() == 1) {
    axes.erase(old);
  } else if (old != axes.end()) {
    remove_key(*old, option);
  }
  if (makes_axis) {
    axes.push_back(axis_of(override_));
  } else {
    settings.insert_or_assign(std::string(option->key),
                              read_setting(*option, override_.text, override_.origin));
  }
}

}  // namespace

std::vector<ConfigAxis> read_axes(const OptionTable& options, const TomlDocument& document,
                                  const Settings& base) {
  const TomlTable* sweep = sweep_table(document);
  if (!sweep) return {};
  std::vector<Assignment> assignments;
  TomlTable keys;
  const TomlMember* cases = nullptr;
  for (const TomlMember& member : *sweep) {
    if (member.key == cases_key) {
      cases = &member;
    } else {
      keys.push_back(member);
    }
  }
  struct Placed {
    TomlPosition at;
    ConfigAxis axis;
  };
  std::vector<Placed> placed;
  for (const Assignment& a : flatten(options, document, keys))
    placed.push_back({a.node->at, read_axis(options, document, a, base)});
  if (cases) placed.push_back({cases->node.at, read_cases(options, document, *cases)});
  std::stable_sort(placed.begin(), placed.end(),
                   [](const Placed& a, const Placed& b) { return a.at < b.at; });
  std::vector<ConfigAxis> axes;
  for (Placed& p : placed) axes.push_back(std::move(p.axis));
  refuse_shared_keys(axes);
  return axes;
}

void apply_overrides(const std::vector<Override>& overrides, Settings& settings,
                     std::vector<ConfigAxis>& axes) {
  for (const Override& override_ : overrides) apply_override(override_, settings, axes);
}

std::string point_name(const ConfigAxis& axis, std::size_t point) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < axis.keys.size(); ++i) {
    parts.push_back(fmt::format("{}={}", axis.keys[i]->key, to_text(axis.points[point][i].value)));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace unroll
