#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "experiments/tasks/adding.hpp"
#include "experiments/tasks/cat.hpp"
#include "experiments/tasks/copy.hpp"
#include "experiments/tasks/task.hpp"
#include "experiments/tasks/temporal_order.hpp"
#include "experiments/tasks/text_task.hpp"

namespace unroll {
namespace {

const TaskRow& known_task(std::string_view name) {
  if (const TaskRow* row = find_task(name)) return *row;
  std::vector<std::string_view> known;
  for (const TaskRow& row : task_table()) known.push_back(row.name);
  throw std::invalid_argument(
      fmt::format("task.name: unknown task \"{}\" (known: {})", name, fmt::join(known, ", ")));
}

}  // namespace

std::span<const TaskRow> task_table() {
  static const std::array rows = {adding_row(), temporal_order_row(), copy_row(),
                                  cat_row(),    characters_row(),     words_row()};
  return rows;
}

const TaskRow* find_task(std::string_view name) {
  const auto rows = task_table();
  const auto row = std::ranges::find(rows, name, &TaskRow::name);
  return row == rows.end() ? nullptr : &*row;
}

std::unique_ptr<Task> make_task(const TaskConfig& config) {
  const TaskRow& row = known_task(config.name);
  TaskConfig resolved = config;
  if (resolved.variant.empty()) resolved.variant = row.variants.front();
  if (std::find(row.variants.begin(), row.variants.end(), resolved.variant) == row.variants.end())
    throw std::invalid_argument(fmt::format("task.variant: unknown variant \"{}\" of {} (known: {})",
                                            resolved.variant, row.name, fmt::join(row.variants, ", ")));
  return row.make(resolved);
}

}  // namespace unroll
