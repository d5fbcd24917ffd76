#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "experiments/config/config_error.hpp"
#include "experiments/sweep/read_axis.hpp"

namespace unroll {

namespace {

using Point = std::vector<Setting>;

std::vector<std::string> key_names(const std::vector<const Option*>& keys) {
  std::vector<std::string> names;
  for (const Option* option : keys) names.emplace_back(option->key);
  return names;
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

/// One table of lists of equal length: the first values together, then the second ones, ...
ConfigAxis read_zip(const OptionTable& options, const TomlDocument& document, const TomlNode& node,
                    const Settings& base) {
  const std::string name = fmt::format("{}: zip", place(document.name, node.at));
  ConfigAxis axis{.keys = {}, .form = ConfigAxis::Form::zip};
  const std::vector<Assignment> assignments = flatten_case(options, document, node, name);
  for (const Assignment& a : assignments) {
    const ConfigAxis one = read_axis(options, document, a, base);
    if (one.drawn)
      throw ConfigError(
          fmt::format("{}: {}: expected values, found a distribution; axes that are drawn vary "
                      "together anyway",
                      name, a.option->key));
    if (axis.keys.empty()) axis.points.resize(one.points.size());
    if (one.points.size() != axis.points.size())
      throw ConfigError(fmt::format("{}: expected lists of equal length, found {} of {} and {} of {}", name,
                                    axis.points.size(), axis.keys.front()->key, one.points.size(),
                                    a.option->key));
    axis.keys.push_back(a.option);
    for (std::size_t i = 0; i < one.points.size(); ++i) axis.points[i].push_back(one.points[i].front());
  }
  if (axis.keys.size() == 1) axis.form = ConfigAxis::Form::list;
  return axis;
}

}  // namespace

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
  ConfigAxis axis{.keys = case_keys(cases), .form = ConfigAxis::Form::cases};
  for (std::size_t i = 0; i < cases.size(); ++i)
    axis.points.push_back(read_case(document, axis, cases[i], names[i]));
  return axis;
}

std::vector<ConfigAxis> read_zips(const OptionTable& options, const TomlDocument& document,
                                  const TomlMember& member, const Settings& base) {
  const auto* array = std::get_if<TomlArray>(&member.node.value);
  if (!array) return {read_zip(options, document, member.node, base)};
  if (array->empty())
    throw ConfigError(fmt::format("{}: the axis zip is empty", place(document.name, member.at)));
  std::vector<ConfigAxis> axes;
  for (const TomlNode& node : *array) axes.push_back(read_zip(options, document, node, base));
  return axes;
}

}  // namespace unroll
