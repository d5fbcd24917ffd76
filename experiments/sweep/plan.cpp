#include "experiments/sweep/plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>
#include <unordered_map>

#include "experiments/config/config_error.hpp"
#include "experiments/config/document.hpp"
#include "experiments/config/overrides.hpp"
#include "experiments/config/settings.hpp"
#include "experiments/sweep/axes.hpp"
#include "experiments/sweep/resolved.hpp"
#include "experiments/sweep/trial_axes.hpp"
#include "experiments/sweep/trial_id.hpp"
#include "experiments/text/text.hpp"
#include "experiments/train/config_check.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

// All trials are expanded before the first one starts: more would not fit, and nobody waits for them.
constexpr std::size_t most_trials = 1'000'000;

using OriginOf = std::function<std::string(std::string_view)>;

/// A config as read: what is fixed and what is swept.
struct ConfigSource {
  std::string name;  ///< of the file, for messages
  std::string out;   ///< default output folder
  Settings settings;
  std::vector<ConfigAxis> axes;
};

ConfigSource read_source(const OptionTable& options, const std::optional<std::filesystem::path>& file,
                         const std::vector<std::string>& tokens) {
  const std::vector<Override> overrides = parse_overrides(options, tokens);
  ConfigSource source{"the command line", "out/run", {}, {}};
  if (file) {
    const TomlDocument document = read_document(*file);
    source.name = document.name;
    source.out = "out/" + file->stem().string();
    source.settings = read_settings(options, document);
    source.axes = read_axes(options, document, source.settings);
  }
  apply_overrides(overrides, source.settings, source.axes);
  return source;
}

/// The index of each axis' point in the trial of number `trial`, the last axis fastest.
std::vector<std::size_t> point_indices(const std::vector<ConfigAxis>& axes, std::size_t trial) {
  std::vector<std::size_t> indices(axes.size());
  for (std::size_t i = axes.size(); i-- > 0;) {
    indices[i] = trial % axes[i].points.size();
    trial /= axes[i].points.size();
  }
  return indices;
}

std::size_t count_trials(const ConfigSource& source) {
  std::size_t count = 1;
  for (const ConfigAxis& axis : source.axes) {
    if (axis.points.size() > most_trials / count) {
      throw ConfigError(fmt::format("{}: the axes span over {} trials, more than a sweep may have",
                                    source.name, most_trials));
    }
    count *= axis.points.size();
  }
  return count;
}

std::string trial_name(const std::vector<ConfigAxis>& axes, std::size_t trial) {
  const std::vector<std::size_t> indices = point_indices(axes, trial);
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < axes.size(); ++i) parts.push_back(point_name(axes[i], indices[i]));
  return fmt::format("{}", fmt::join(parts, ", "));
}

/// Where a trial's key was set, for messages about it; "" where nowhere.
std::string origin_of(const ConfigSource& source, const std::vector<std::size_t>& indices,
                      std::string_view key) {
  for (std::size_t i = 0; i < source.axes.size(); ++i) {
    const ConfigAxis& axis = source.axes[i];
    for (std::size_t k = 0; k < axis.keys.size(); ++k) {
      if (axis.keys[k]->key == key) return axis.points[indices[i]][k].origin;
    }
  }
  const auto fixed = source.settings.find(key);
  return fixed == source.settings.end() ? "" : fixed->second.origin;
}

Config base_config(const Laboratory& laboratory, const ConfigSource& source) {
  Config config = laboratory.unresolved_defaults();
  apply_settings(laboratory.options(), source.settings, config);
  if (config.out.empty()) config.out = source.out;
  return config;
}

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

Trial make_trial(const Laboratory& laboratory, const ConfigSource& source, const Config& base,
                 std::size_t number) {
  const std::vector<std::size_t> indices = point_indices(source.axes, number);
  Trial trial{"", base};
  for (std::size_t i = 0; i < source.axes.size(); ++i) {
    const ConfigAxis& axis = source.axes[i];
    for (std::size_t k = 0; k < axis.keys.size(); ++k) {
      store(axis.keys[k]->field(trial.config), axis.points[indices[i]][k].value);
    }
  }
  laboratory.resolve(trial.config);
  const OriginOf origin = [&](std::string_view key) { return origin_of(source, indices, key); };
  check_config(laboratory, trial.config, origin);
  check_paths(laboratory, trial.config, origin);
  trial.id = trial_id(laboratory, trial.config);
  return trial;
}

/// Different points can still mean one trial: task.variant "" is also the task's first one by name.
void refuse_duplicates(const ConfigSource& source, const std::vector<Trial>& trials) {
  std::unordered_map<std::string_view, std::size_t> seen;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    const auto [first, fresh] = seen.emplace(trials[i].id, i);
    if (fresh) continue;
    throw ConfigError(fmt::format("{}: two points of the sweep are the same trial: ({}) and ({})",
                                  source.name, trial_name(source.axes, first->second),
                                  trial_name(source.axes, i)));
  }
}

/// The plan's base: defaults that depend on other settings are filled in unless those are swept.
Config shown_base(const Laboratory& laboratory, const ConfigSource& source, Config base) {
  for (const ConfigAxis& axis : source.axes) {
    for (const Option* option : axis.keys) {
      if (governs_defaults(option->key)) return base;
    }
  }
  laboratory.resolve(base);
  return base;
}

std::vector<std::string> swept_keys(const std::vector<ConfigAxis>& axes) {
  std::vector<std::string> keys;
  for (const ConfigAxis& axis : axes) {
    for (const Option* option : axis.keys) keys.emplace_back(option->key);
  }
  return keys;
}

[[noreturn]] void refuse_axes(const ConfigSource& source) {
  std::string fixed;
  for (const ConfigAxis& axis : source.axes) {
    for (std::size_t k = 0; k < axis.keys.size(); ++k) {
      fixed += fmt::format(" {}={}", axis.keys[k]->key, to_text(axis.points.front()[k].value));
    }
  }
  throw ConfigError(fmt::format("{}: expected one trial, found axes ({}); use sweep, or fix them:{}",
                                source.name, fmt::join(swept_keys(source.axes), ", "), fixed));
}

}  // namespace

SweepPlan plan_sweep(const Laboratory& laboratory, const std::filesystem::path& file,
                     const std::vector<std::string>& overrides) {
  const ConfigSource source = read_source(laboratory.options(), file, overrides);
  const Config base = base_config(laboratory, source);
  SweepPlan plan{{}, {}, "", shown_base(laboratory, source, base)};
  const std::size_t count = count_trials(source);
  plan.trials.reserve(count);
  for (std::size_t i = 0; i < count; ++i) plan.trials.push_back(make_trial(laboratory, source, base, i));
  refuse_duplicates(source, plan.trials);
  derive_axes(laboratory, plan, swept_keys(source.axes));
  plan.resolved = resolved_toml(laboratory, plan.base, source.axes);
  return plan;
}

Trial plan_trial(const Laboratory& laboratory, const std::optional<std::filesystem::path>& file,
                 const std::vector<std::string>& overrides) {
  const ConfigSource source = read_source(laboratory.options(), file, overrides);
  if (!source.axes.empty()) refuse_axes(source);
  return make_trial(laboratory, source, base_config(laboratory, source), 0);
}

}  // namespace unroll
