#include "experiments/sweep/plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "experiments/config/config_error.hpp"
#include "experiments/sweep/config_source.hpp"
#include "experiments/sweep/resolved.hpp"
#include "experiments/sweep/space.hpp"
#include "experiments/sweep/trial_axes.hpp"

namespace unroll {

namespace {

/// The plan's base: defaults that depend on other settings are filled in unless those are swept.
Config shown_base(const Laboratory& laboratory, const ConfigSource& source, Config base) {
  for (const ConfigAxis& axis : source.sweep.axes) {
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

OptionValue some_value(const ConfigAxis& axis, std::size_t key) {
  return axis.drawn ? axis.drawn->at(0.5, axis.keys[key]->default_value) : axis.points.front()[key].value;
}

[[noreturn]] void refuse_axes(const ConfigSource& source) {
  std::string fixed;
  for (const ConfigAxis& axis : source.sweep.axes) {
    for (std::size_t k = 0; k < axis.keys.size(); ++k) {
      fixed += fmt::format(" {}={}", axis.keys[k]->key, to_text(some_value(axis, k)));
    }
  }
  throw ConfigError(fmt::format("{}: expected one trial, found axes ({}); use sweep, or fix them:{}",
                                source.name, fmt::join(swept_keys(source.sweep.axes), ", "), fixed));
}

}  // namespace

SweepPlan plan_sweep(const Laboratory& laboratory, const std::filesystem::path& file,
                     const std::vector<std::string>& overrides) {
  return plan_sweep(laboratory, read_source(laboratory.options(), file, overrides));
}

SweepPlan plan_sweep(const Laboratory& laboratory, ConfigSource source) {
  Space space(laboratory, std::move(source));
  SweepPlan plan{{}, {}, "", shown_base(laboratory, space.source(), space.base()), {}};
  plan.trials.reserve(space.points());
  expand(
      space, [&](Space::PointTrial&& made, std::size_t) { plan.trials.push_back(std::move(made.trial)); },
      [](const ConfigError& error, std::size_t) { throw error; });
  derive_axes(laboratory, plan, swept_keys(space.source().sweep.axes));
  plan.resolved = resolved_toml(laboratory, plan.base, space.source().sweep);
  plan.halving = space.source().sweep.halving;
  check_halving(plan);
  return plan;
}

Trial plan_trial(const Laboratory& laboratory, const std::optional<std::filesystem::path>& file,
                 const std::vector<std::string>& overrides) {
  ConfigSource source = read_source(laboratory.options(), file, overrides);
  if (!source.sweep.axes.empty()) refuse_axes(source);
  source.sweep = {};  // what else a sweep says is of trials beside others
  return std::move(Space(laboratory, std::move(source)).trial(0)->trial);
}

std::string print_config(const Laboratory& laboratory, const std::optional<std::filesystem::path>& file,
                         const std::vector<std::string>& overrides) {
  return print_config(laboratory, read_source(laboratory.options(), file, overrides));
}

std::string print_config(const Laboratory& laboratory, const ConfigSource& source) {
  const Space space(laboratory, source);
  return config_with_origins(laboratory, shown_base(laboratory, source, space.base()), source);
}

}  // namespace unroll
