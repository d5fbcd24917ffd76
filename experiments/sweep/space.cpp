#include "experiments/sweep/space.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "experiments/config/config_error.hpp"
#include "experiments/sweep/trial_axes.hpp"
#include "experiments/text/text.hpp"
#include "experiments/train/config_check.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

/// What a value is as far as costs and validity depend on it. Of rates it is whether they are zero, which
/// turns things off; a task's own numbers and a cell's constants may mean anything.
std::string shape_class(const Option& option, const OptionValue& value) {
  if (option.key == "seed") return "";
  const auto* number = std::get_if<double>(&value);
  if (number && section_of(option.key) != "task" && !option.of_family) return *number == 0 ? "0" : "";
  return canonical(value);
}

/// Equal numbers for equal classes.
std::vector<std::vector<std::size_t>> classes_of(const std::vector<ConfigAxis>& axes) {
  std::vector<std::vector<std::size_t>> classes;
  for (const ConfigAxis& axis : axes) {
    std::map<std::vector<std::string>, std::size_t> known;
    auto& of_axis = classes.emplace_back();
    for (const auto& point : axis.points) {
      std::vector<std::string> texts;
      for (std::size_t k = 0; k < axis.keys.size(); ++k)
        texts.push_back(shape_class(*axis.keys[k], point[k].value));
      of_axis.push_back(known.emplace(std::move(texts), known.size()).first->second);
    }
  }
  return classes;
}

std::vector<std::size_t> drawn_axes(const std::vector<ConfigAxis>& axes) {
  std::vector<std::size_t> drawn;
  for (std::size_t i = 0; i < axes.size(); ++i)
    if (axes[i].drawn) drawn.push_back(i);
  return drawn;
}

std::vector<std::string> drawn_keys(const std::vector<ConfigAxis>& axes) {
  std::vector<std::string> keys;
  for (const std::size_t i : drawn_axes(axes)) keys.push_back(axes[i].keys.front()->key);
  return keys;
}

Config base_config(const Laboratory& laboratory, const ConfigSource& source) {
  Config config = laboratory.unresolved_defaults();
  apply_settings(laboratory.options(), source.settings, config);
  if (config.out.empty()) config.out = source.out;
  return config;
}

using OriginOf = std::function<std::string(std::string_view)>;

/// The folder keeps paths in files of JSON and TOML, which hold UTF-8 only.
void check_paths(const Laboratory& laboratory, const Config& config, const OriginOf& origin_of) {
  Config given = config;
  for (const Option* option : laboratory.rows_of(config)) {
    const OptionValue value = load(option->field(given));
    const auto* file = std::get_if<InputFile>(&value);
    if (!file || file->empty()) continue;
    try {
      checked_text(file->path, "the path");
    } catch (const TextError&) {
      throw ConfigError(
          fmt::format("{}: {}: expected a path in UTF-8, found bytes that are none: \"{}\"; "
                      "rename or link the file",
                      origin_of(option->key), option->key, printable(file->path)));
    }
  }
}

}  // namespace

Space::Space(const Laboratory& laboratory, ConfigSource source)
    : laboratory_(laboratory),
      source_(std::move(source)),
      base_(base_config(laboratory, source_)),
      enumeration_(source_.sweep, source_.name),
      drawn_(drawn_axes(source_.sweep.axes)),
      draws_(source_.sweep.sampler, drawn_keys(source_.sweep.axes)),
      classes_(classes_of(source_.sweep.axes)) {}

std::vector<double> Space::shares_at(const std::vector<std::size_t>& indices) {
  return drawn_.empty() ? std::vector<double>{} : draws_.at(indices[drawn_.front()]);
}

Config Space::config_at(const std::vector<std::size_t>& indices, const std::vector<double>& shares) const {
  Config config = base_;
  std::size_t draw = 0;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const ConfigAxis& axis = source_.sweep.axes[i];
    if (axis.drawn) {
      const Option& option = *axis.keys.front();
      store(option.field(config), axis.drawn->at(shares[draw++], option.default_value));
    } else if (indices[i] != at_base) {
      for (std::size_t k = 0; k < axis.keys.size(); ++k)
        store(axis.keys[k]->field(config), axis.points[indices[i]][k].value);
    }
  }
  laboratory_.resolve(config);
  return config;
}

std::string Space::shape_key(const std::vector<std::size_t>& indices,
                             const std::vector<double>& shares) const {
  std::string key;
  std::size_t draw = 0;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const ConfigAxis& axis = source_.sweep.axes[i];
    if (axis.drawn) {
      const Option& option = *axis.keys.front();
      key += shape_class(option, axis.drawn->at(shares[draw++], option.default_value));
      key += '\n';
    } else {
      const std::size_t number = indices[i] == at_base ? at_base : classes_[i][indices[i]];
      key.append(reinterpret_cast<const char*>(&number), sizeof number);
    }
  }
  return key;
}

/// Where a point's key was set, for messages about it; "" where nowhere.
std::string Space::origin_of(const std::vector<std::size_t>& indices, std::string_view key) const {
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const ConfigAxis& axis = source_.sweep.axes[i];
    if (indices[i] == at_base) continue;
    for (std::size_t k = 0; k < axis.keys.size(); ++k)
      if (axis.keys[k]->key == key) return axis.drawn ? axis.origin() : axis.points[indices[i]][k].origin;
  }
  const auto fixed = source_.settings.find(key);
  return fixed == source_.settings.end() ? "" : fixed->second.origin;
}

const Space::Shape& Space::shape_of(const Config& config, const std::vector<std::size_t>& indices,
                                    const std::vector<double>& shares) {
  const auto [at, fresh] = shapes_.try_emplace(shape_key(indices, shares), Shape{shapes_.size(), ""});
  if (!fresh) return at->second;
  const OriginOf origin = [&](std::string_view key) { return origin_of(indices, key); };
  try {
    check_config(laboratory_, config, origin);
    check_paths(laboratory_, config, origin);
  } catch (const ConfigError& error) {
    at->second.refusal = error.what();
  }
  return at->second;
}

bool Space::is_wanted(Config& config) const {
  if (!source_.sweep.where) return true;
  return source_.sweep.where->holds(
      [&](const Option& option) { return value_in(laboratory_, config, option); });
}

std::optional<Space::PointTrial> Space::trial(std::size_t point) {
  const std::vector<std::size_t> indices = enumeration_.at(point);
  const std::vector<double> shares = shares_at(indices);
  PointTrial made{{"", config_at(indices, shares)}, 0};
  if (!is_wanted(made.trial.config)) return std::nullopt;
  const Shape& shape = shape_of(made.trial.config, indices, shares);
  if (!shape.refusal.empty()) throw ConfigError(shape.refusal);
  made.shape = shape.number;
  made.trial.id = trial_id(laboratory_, made.trial.config);
  return made;
}

std::string Space::name_of(std::size_t point) {
  const std::vector<std::size_t> indices = enumeration_.at(point);
  const std::vector<double> shares = shares_at(indices);
  std::vector<std::string> parts;
  std::size_t draw = 0;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const ConfigAxis& axis = source_.sweep.axes[i];
    if (axis.drawn) {
      const Option& option = *axis.keys.front();
      const OptionValue value = axis.drawn->at(shares[draw++], option.default_value);
      parts.push_back(fmt::format("{}={}", option.key, to_text(value)));
    } else if (indices[i] != at_base) {
      parts.push_back(point_name(axis, indices[i]));
    }
  }
  return parts.empty() ? "the config itself" : fmt::format("{}", fmt::join(parts, ", "));
}

bool Space::may_repeat(std::size_t a, std::size_t b) const {
  const Sampler& sampler = source_.sweep.sampler;
  if (!sampler.draws()) return sampler.kind != Sampler::Kind::grid;
  const auto of_a = enumeration_.at(a), of_b = enumeration_.at(b);
  for (std::size_t i = 0; i < of_a.size(); ++i)
    if (!source_.sweep.axes[i].drawn && of_a[i] != of_b[i]) return false;
  return true;
}

Omitted expand(Space& space, const std::function<void(Space::PointTrial&&, std::size_t)>& take,
               const std::function<void(const ConfigError&, std::size_t)>& refuse) {
  Omitted omitted;
  // Different points can still mean one trial: task.variant "" is also the task's first one by name.
  std::unordered_map<std::string, std::size_t> seen;
  for (std::size_t point = 0; point < space.points(); ++point) {
    try {
      std::optional<Space::PointTrial> made = space.trial(point);
      if (!made) {
        ++omitted.left_out;
        continue;
      }
      const auto [first, fresh] = seen.emplace(made->trial.id, point);
      if (fresh) {
        take(std::move(*made), point);
      } else if (space.may_repeat(first->second, point)) {
        ++omitted.repeated;
      } else {
        throw ConfigError(fmt::format("{}: two points of the sweep are the same trial: ({}) and ({})",
                                      space.source().name, space.name_of(first->second),
                                      space.name_of(point)));
      }
    } catch (const ConfigError& error) {
      refuse(error, point);
    }
  }
  if (omitted.left_out == space.points())
    throw ConfigError(fmt::format("{}: where: leaves out all {} points of the sweep: {}",
                                  space.source().sweep.where->origin(), space.points(),
                                  space.source().sweep.where->text()));
  return omitted;
}

}  // namespace unroll
