#include "experiments/config/check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <vector>

#include "experiments/config/config_error.hpp"
#include "experiments/config/options.hpp"
#include "experiments/tasks/task.hpp"
#include "experiments/train/make_model.hpp"
#include "experiments/train/sharded_plan.hpp"
#include "experiments/train/windowed_batch.hpp"
#include "models/cell_table.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

using OriginOf = std::function<std::string(std::string_view)>;

void check_variant(const TaskConfig& task, const OriginOf& origin_of) {
  const TaskRow* row = find_task(task.name);
  if (!row || (row->variants.empty() && task.variant.empty())) return;
  const std::vector<std::string> known(row->variants.begin(), row->variants.end());
  if (std::find(known.begin(), known.end(), task.variant) != known.end()) return;
  const std::string hint = did_you_mean(task.variant, known);
  throw ConfigError(fmt::format("{}: task.variant: \"{}\" is no variant of {}{} Known: {}",
                                origin_of("task.variant"), printable(task.variant), task.name,
                                hint.empty() ? "." : hint, fmt::join(known, ", ")));
}

/// The task itself knows what it needs; by now its name and variant are known ones, so it is the length, or
/// the text.
std::unique_ptr<Task> checked_task(const TaskConfig& task, const OriginOf& origin_of) {
  try {
    return make_task(task);
  } catch (const std::exception& error) {
    throw ConfigError(fmt::format(
        "{}: {}", origin_of(find_task(task.name)->streams ? "task.text" : "task.length"), error.what()));
  }
}

/// The cell at these sizes and with these constants.
void check_cell(const Config& config, const Task& task, const OriginOf& origin_of) {
  try {
    make_cell(config.model.cell, cell_options(config, sizes_of(task)));
    Tape scratch;
    Parameters(scratch, make_model(config, sizes_of(task)).parameters());  // refuses names that clash
  } catch (const std::invalid_argument& error) {
    const bool constants = !config.model.constants.empty();
    const std::string key =
        constants ? fmt::format("{}.{}", constants_key, config.model.constants.begin()->first) : "model.cell";
    throw ConfigError(fmt::format("{}: {}", origin_of(key), error.what()));
  }
}

void check_windows(const Config& config, const Task& task, const OriginOf& origin_of) {
  try {
    check_windows(config, task);
  } catch (const std::invalid_argument& error) {
    const bool by_stride = config.train.window == 0 || config.train.stride > config.train.window;
    throw ConfigError(
        fmt::format("{}: {}", origin_of(by_stride ? "train.stride" : "train.window"), error.what()));
  }
}

void check_shards(const TrainConfig& train, const OriginOf& origin_of) {
  try {
    split_rows(train.batch, train.batch_shards);
  } catch (const std::invalid_argument& error) {
    throw ConfigError(fmt::format("{}: {}", origin_of("train.batch_shards"), error.what()));
  }
}

bool lacks_text(const TaskConfig& task) {
  const TaskRow* row = find_task(task.name);
  const auto gone = [](const TextFile* file) { return !file->empty() && !file->content; };
  return row && row->streams &&
         std::ranges::any_of(std::array{&task.text, &task.validation_text, &task.test_text}, gone);
}

}  // namespace

void ConfigCheck::operator()(const Config& config, const OriginOf& origin_of) {
  check_variant(config.task, origin_of);
  if (texts_ == Texts::may_be_gone && lacks_text(config.task)) return;
  if (!task_ || config.task != last_) task_ = checked_task(config.task, origin_of);
  last_ = config.task;
  check_cell(config, *task_, origin_of);
  check_shards(config.train, origin_of);
  check_windows(config, *task_, origin_of);
}

}  // namespace unroll
