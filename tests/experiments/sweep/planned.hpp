#pragma once

#include <string>
#include <vector>

#include "experiments/sweep/plan.hpp"
#include "tests/experiments/config/fixture.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/laboratory.hpp"

namespace unroll::config_tests {

using Strings = std::vector<std::string>;

/// The plan of a config's text.
inline SweepPlan plan_of(const std::string& text, const Strings& overrides = {}) {
  const ConfigFile file(text);
  return plan_sweep(laboratory(), file.path(), overrides);
}

/// What planning says is wrong with it, "f.toml" for the path of the file.
inline std::string error_in(const std::string& text, const Strings& overrides = {}) {
  const ConfigFile file(text);
  std::string error = error_of<ConfigError>([&] { plan_sweep(laboratory(), file.path(), overrides); });
  const std::string path = file.path().string();
  for (std::size_t at = error.find(path); at != std::string::npos; at = error.find(path))
    error.replace(at, path.size(), "f.toml");
  return error;
}

inline Strings ids(const SweepPlan& plan) {
  Strings all;
  for (const Trial& trial : plan.trials) all.push_back(trial.id);
  return all;
}

/// Of one axis, by trial.
inline Strings values(const SweepPlan& plan, const std::string& key) {
  Strings all;
  for (const Trial& trial : plan.trials) all.push_back(trial.axes.at(key));
  return all;
}

}  // namespace unroll::config_tests
