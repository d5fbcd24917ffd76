#pragma once

#include <cstdint>
#include <string_view>

#include "experiments/tasks/task.hpp"

namespace unroll {

// What the tasks share.

/// Refuses a length below `least`: std::invalid_argument naming task.length, the task and variant, and why.
void require_length(const TaskConfig& config, std::int64_t least, std::string_view why);

/// The row of `table` whose name is config.variant.
template <class Variants>
const auto& find_variant(const Variants& table, const TaskConfig& config) {
  for (const auto& variant : table)
    if (variant.name == config.variant) return variant;
  return *table.begin();  // not reached: make_task() has checked the name
}

template <class Variants>
std::vector<std::string_view> variant_names(const Variants& table) {
  std::vector<std::string_view> names;
  for (const auto& variant : table) names.push_back(variant.name);
  return names;
}

/// Throws std::invalid_argument naming both shapes when `outputs` is not of the shape that `task` needs.
void require_outputs(std::string_view task, const Tensor<float>& outputs, const Shape& expected);

/// Whether the score of `target` is above all others; a tie or a NaN is not right.
bool is_right(const float* scores, std::int64_t classes, std::int64_t target);

}  // namespace unroll
