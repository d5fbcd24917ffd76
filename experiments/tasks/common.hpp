#pragma once

#include <cstdint>
#include <string_view>

#include "experiments/tasks/task.hpp"

namespace unroll {

// What the tasks share.

/// Refuses a shortest length below `least`: std::invalid_argument naming task.length, the task and variant,
/// and why.
void require_length(const TaskConfig& config, std::int64_t least, std::string_view why);
/// The only length, of a variant that draws lengths by itself or can have one only. Throws
/// std::invalid_argument for a range.
std::int64_t require_one_length(const TaskConfig& config, std::string_view why);

/// The row of `table` whose name is config.variant.
template <class Variants>
const auto& find_variant(const Variants& table, const TaskConfig& config) {
  for (const auto& variant : table)
    if (variant.name == config.variant) return variant;
  return *table.begin();  // not reached: make_task() has checked the name
}

template <class Variants>
std::vector<std::string> variant_names(const Variants& table) {
  std::vector<std::string> names;
  for (const auto& variant : table) names.emplace_back(variant.name);
  return names;
}

/// The mean of `f` over all lengths of a range.
template <class F>
double mean_over(LengthRange lengths, const F& f) {
  double sum = 0;
  for (std::int64_t length = lengths.least; length <= lengths.most; ++length) sum += f(length);
  return sum / static_cast<double>(lengths.most - lengths.least + 1);
}

/// A class, as the target of a sequence.
Tensor<std::int64_t> class_target(std::int64_t index);

}  // namespace unroll
