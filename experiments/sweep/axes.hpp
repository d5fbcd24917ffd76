#pragma once

#include <string>
#include <vector>

#include "experiments/config/overrides.hpp"
#include "experiments/config/settings.hpp"

namespace unroll {

/// One axis of a sweep: a key with a list of values, or several keys zipped (`cases`).
struct ConfigAxis {
  std::vector<const Option*> keys;
  std::vector<std::vector<Setting>> points;  ///< each with one setting per key
};

/// The axes of a [sweep] table in the order of the file. `base` gives the first seed of seed = { count = N }.
/// Throws ConfigError on an empty axis, a value listed twice, a key in two axes, a key that does not affect
/// results, and cases whose keys differ.
std::vector<ConfigAxis> read_axes(const OptionTable& options, const TomlDocument& document,
                                  const Settings& base);

/// "key=value" replaces a setting or the axis of that key; "key=a,b" makes an axis, in the place of the one
/// it replaces or else last. A key of `cases` leaves them, and cases that no longer differ count once.
void apply_overrides(const std::vector<Override>& overrides, Settings& settings,
                     std::vector<ConfigAxis>& axes);

/// "task.length=10" or, zipped, "model.activation=tanh, model.init=glorot".
std::string point_name(const ConfigAxis& axis, std::size_t point);

}  // namespace unroll
