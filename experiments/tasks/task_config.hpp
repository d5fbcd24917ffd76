#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/config/option.hpp"
#include "experiments/data/preparation.hpp"

namespace unroll {

/// Which task, in which variant, at which lengths: the [task] section of a config.
struct TaskConfig {
  std::string name;
  std::string variant = {};
  LengthRange length = {};                      ///< of generated sequences, as the task counts it
  std::vector<std::int64_t> test_lengths = {};  ///< at which the best model is tested besides
  /// Settings of the task's own, by key: those that its row exports.
  std::map<std::string, OptionValue, std::less<>> values = {};
  /// How data are made ready for a model that was trained already: nothing is fitted anew. No setting: it
  /// follows from what the model was trained on.
  std::optional<Preparation> preparation = {};

  /// The value of one of them, or its default in `row`; must be of that type.
  template <class T>
  const T& get(const OptionSpec& row) const {
    const auto found = values.find(row.key);
    return std::get<T>(found == values.end() ? row.default_value : found->second);
  }

  bool operator==(const TaskConfig&) const = default;
};

}  // namespace unroll
