#pragma once

#include <string>
#include <vector>

#include "experiments/config/settings.hpp"

namespace unroll {

/// What the values of an axis are drawn from.
struct Distribution {
  enum class Kind { uniform, log_uniform, integer, choice };
  Kind kind;
  double low = 0, high = 0;           ///< both may be drawn
  std::vector<Setting> choices = {};  ///< of a choice
  std::string origin;

  /// The value at `share`, from 0 to below 1, as of the type of `type`. Numbers are rounded to six digits of
  /// the range. No function of the system's mathematics is called: the same on every machine.
  OptionValue at(double share, const OptionValue& type) const;
};

/// { uniform = [0, 0.9] }, { log_uniform = [1e-4, 1e-1] }, { integer = [16, 128] } or { choice = [...] }.
/// Throws ConfigError for any other table, for a range that is none and for ends that the setting cannot be.
Distribution read_distribution(const TomlDocument& document, const Option& option, const TomlNode& node,
                               const std::string& origin);

/// The same as TOML.
std::string to_toml(const Distribution& distribution);

}  // namespace unroll
