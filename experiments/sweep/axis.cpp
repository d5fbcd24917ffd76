#include "experiments/sweep/axis.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "experiments/config/config_error.hpp"

namespace unroll {

namespace {

using Point = std::vector<Setting>;

std::vector<OptionValue> values_of(const Point& point) {
  std::vector<OptionValue> values;
  for (const Setting& setting : point) values.push_back(setting.value);
  return values;
}

/// Takes a key out of zipped values.
void remove_key(ConfigAxis& axis, const Option* option) {
  const auto index = std::ranges::find(axis.keys, option) - axis.keys.begin();
  axis.keys.erase(axis.keys.begin() + index);
  std::set<std::vector<OptionValue>> seen;
  std::vector<Point> kept;
  for (Point& point : axis.points) {
    point.erase(point.begin() + index);
    if (seen.insert(values_of(point)).second) kept.push_back(std::move(point));
  }
  axis.points = std::move(kept);
  if (axis.keys.size() == 1) axis.form = ConfigAxis::Form::list;
}

}  // namespace

bool ConfigAxis::has(const Option* option) const { return std::ranges::find(keys, option) != keys.end(); }

const std::string& ConfigAxis::origin() const {
  return drawn ? drawn->origin : points.front().front().origin;
}

std::string point_name(const ConfigAxis& axis, std::size_t point) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < axis.keys.size(); ++i) {
    parts.push_back(fmt::format("{}={}", axis.keys[i]->key, to_text(axis.points[point][i].value)));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

ConfigAxis without_repetition(ConfigAxis axis) {
  std::map<std::vector<OptionValue>, std::string_view> seen;
  for (std::size_t i = 0; i < axis.points.size(); ++i) {
    const std::string& origin = axis.points[i].front().origin;
    const auto [first, fresh] = seen.emplace(values_of(axis.points[i]), origin);
    if (fresh) continue;
    throw ConfigError(fmt::format("{}: the point {} is there twice; first at {}", origin, point_name(axis, i),
                                  first->second));
  }
  return axis;
}

void refuse_unsweepable(const Option& option, const std::string& origin) {
  if (option.affects_results) return;
  throw ConfigError(fmt::format("{}: {} cannot be swept: it does not affect results", origin, option.key));
}

void refuse_shared_keys(const std::vector<ConfigAxis>& axes) {
  std::map<const Option*, std::string> seen;
  for (const ConfigAxis& axis : axes) {
    for (std::size_t i = 0; i < axis.keys.size(); ++i) {
      const std::string& origin = axis.drawn ? axis.origin() : axis.points.front()[i].origin;
      const auto [first, fresh] = seen.emplace(axis.keys[i], origin);
      if (fresh) continue;
      throw ConfigError(fmt::format("{}: {} is in two axes; the other one is at {}", origin,
                                    axis.keys[i]->key, first->second));
    }
  }
}

void remove_key(std::vector<ConfigAxis>& axes, const Option* option) {
  const auto axis = std::ranges::find_if(axes, [&](const ConfigAxis& a) { return a.has(option); });
  if (axis == axes.end()) return;
  if (axis->keys.size() == 1)
    axes.erase(axis);
  else
    remove_key(*axis, option);
}

void put_axis(std::vector<ConfigAxis>& axes, ConfigAxis axis) {
  const auto old = std::ranges::find_if(
      axes, [&](const ConfigAxis& a) { return a.keys == axis.keys && a.keys.size() == 1; });
  if (old != axes.end()) {
    *old = std::move(axis);
    return;
  }
  for (const Option* option : axis.keys) remove_key(axes, option);
  axes.push_back(std::move(axis));
}

}  // namespace unroll
