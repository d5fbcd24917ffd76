#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

#include "experiments/tasks/cat.hpp"
#include "experiments/tasks/chaos/chaos.hpp"
#include "experiments/tasks/copy.hpp"
#include "experiments/tasks/counting.hpp"
#include "experiments/tasks/file_task/file_task.hpp"
#include "experiments/tasks/latching.hpp"
#include "experiments/tasks/marked_numbers.hpp"
#include "experiments/tasks/music/music.hpp"
#include "experiments/tasks/narma.hpp"
#include "experiments/tasks/noise_free.hpp"
#include "experiments/tasks/reber.hpp"
#include "experiments/tasks/series/series_task.hpp"
#include "experiments/tasks/speech/speech_task.hpp"
#include "experiments/tasks/state_tracking.hpp"
#include "experiments/tasks/task.hpp"
#include "experiments/tasks/temporal_order.hpp"
#include "experiments/tasks/text_task.hpp"
#include "experiments/tasks/timing.hpp"

namespace unroll {
namespace {

const TaskRow& known_task(const TaskList& list, std::string_view name) {
  if (const TaskRow* row = find_task(list, name)) return *row;
  std::vector<std::string> known;
  for (const TaskRow& row : list) known.push_back(row.name);
  throw std::invalid_argument(
      fmt::format("task.name: unknown task \"{}\" (known: {})", name, fmt::join(known, ", ")));
}

}  // namespace

const TaskList& standard_tasks() {
  static const TaskList list = {adding_row(),
                                multiplication_row(),
                                temporal_order_row(),
                                random_permutation_row(),
                                copy_row(),
                                latching_row(),
                                two_sequences_row(),
                                noise_free_row(),
                                reber_row(),
                                continual_reber_row(),
                                counting_row(),
                                timing_row(),
                                lorenz63_row(),
                                lorenz96_row(),
                                mackey_glass_row(),
                                narma10_row(),
                                parity_row(),
                                even_pairs_row(),
                                cycle_navigation_row(),
                                finite_state_machine_row(),
                                modular_arithmetic_row(),
                                word_problem_row(),
                                cat_row(),
                                characters_row(),
                                words_row(),
                                file_row(),
                                speech_row(),
                                series_row(),
                                music_row(),
                                melody_row()};
  return list;
}

const TaskRow* find_task(const TaskList& list, std::string_view name) {
  const auto row = std::ranges::find(list, name, &TaskRow::name);
  return row == list.end() ? nullptr : &*row;
}

bool takes(const TaskRow& task, std::string_view key) {
  return std::ranges::find(task.options, key, &OptionSpec::key) != task.options.end();
}

void resolve_task(const TaskList& list, TaskConfig& config) {
  const TaskRow* row = find_task(list, config.name);
  if (!row) return;
  if (config.variant.empty() && !row->variants.empty()) config.variant = row->variants.front();
  if (config.length.empty() && row->length) config.length = *row->length;
  for (const OptionSpec& option : row->options) config.values.try_emplace(option.key, option.default_value);
}

std::unique_ptr<Task> make_task(const TaskList& list, const ObjectiveList& objectives, TaskConfig config) {
  const TaskRow& row = known_task(list, config.name);
  resolve_task(list, config);
  if (!row.variants.empty() && std::ranges::find(row.variants, config.variant) == row.variants.end())
    throw std::invalid_argument(fmt::format("task.variant: unknown variant \"{}\" of {} (known: {})",
                                            config.variant, row.name, fmt::join(row.variants, ", ")));
  return row.make(config, objectives);
}

std::unique_ptr<DataSource> Task::training_set(std::uint64_t, std::int64_t sequences) const {
  throw std::invalid_argument(
      fmt::format("train.training_sequences: {} sequences are to be made once and trained on, but this task "
                  "does not make its sequences: it has a training set of its own; leave the setting at 0",
                  sequences));
}

std::unique_ptr<DataSource> Task::test_at(std::int64_t length, std::int64_t) const {
  throw std::invalid_argument(
      fmt::format("task.test_lengths: sequences of this task are not made to a length such as {}", length));
}

}  // namespace unroll
