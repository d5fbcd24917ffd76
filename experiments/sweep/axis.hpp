#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/config/settings.hpp"
#include "experiments/sweep/distribution.hpp"

namespace unroll {

/// One axis of a sweep: a key with its values or with what they are drawn from, or several keys that vary
/// together.
struct ConfigAxis {
  enum class Form { list, cases, zip };

  std::vector<const Option*> keys;
  std::vector<std::vector<Setting>> points = {};  ///< each with one setting per key; none of a drawn axis
  std::optional<Distribution> drawn = {};         ///< of one key
  Form form = Form::list;

  bool has(const Option* option) const;
  /// Where it was written.
  const std::string& origin() const;
};

/// "task.length=10" or, zipped, "model.activation=tanh, model.init=glorot".
std::string point_name(const ConfigAxis& axis, std::size_t point);

/// Throws ConfigError for a value that is listed twice.
ConfigAxis without_repetition(ConfigAxis axis);

/// Throws ConfigError for a key that does not affect results.
void refuse_unsweepable(const Option& option, const std::string& origin);

/// Throws ConfigError for a key that is in two axes.
void refuse_shared_keys(const std::vector<ConfigAxis>& axes);

/// Takes a key out of the axes: its own one goes; zipped values that are then the same count once.
void remove_key(std::vector<ConfigAxis>& axes, const Option* option);

/// Adds an axis, in the place of the one with the same single key or else last; keys of others leave them.
void put_axis(std::vector<ConfigAxis>& axes, ConfigAxis axis);

}  // namespace unroll
