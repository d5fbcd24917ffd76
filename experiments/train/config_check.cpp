#include "experiments/train/config_check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "experiments/config/config_error.hpp"
#include "experiments/instruments/moments.hpp"
#include "experiments/train/flossing.hpp"
#include "experiments/train/make_model.hpp"
#include "experiments/train/sharded_plan.hpp"
#include "experiments/train/taught_task.hpp"
#include "experiments/train/trial_models.hpp"
#include "experiments/train/windowed_batch.hpp"
#include "models/interchange.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

using OriginOf = std::function<std::string(std::string_view)>;

/// Where a key was set, or that it was not.
std::string place_of(std::string_view key, const OriginOf& origin_of) {
  const std::string origin = origin_of(key);
  return origin.empty() ? fmt::format("{} (default)", key) : origin;
}

/// A setting that is given and belongs to other tasks would be lost without a word.
void check_owners(const Laboratory& laboratory, const Config& config, const OriginOf& origin_of) {
  for (const Option& option : laboratory.options().rows()) {
    if (laboratory.has(config, option) || origin_of(option.key).empty()) continue;
    throw ConfigError(fmt::format(
        "{}: {}: the task {} has no such setting; {} it", origin_of(option.key), option.key, config.task.name,
        option.owners.size() == 1 ? option.owners[0] + " has"
                                  : fmt::format("{} have", fmt::join(option.owners, ", "))));
  }
}

void check_variant(const TaskList& tasks, const TaskConfig& task, const OriginOf& origin_of) {
  const TaskRow* row = find_task(tasks, task.name);
  if (!row || (row->variants.empty() && task.variant.empty())) return;
  const std::vector<std::string>& known = row->variants;
  if (std::ranges::find(known, task.variant) != known.end()) return;
  const std::string hint = did_you_mean(task.variant, known);
  throw ConfigError(fmt::format("{}: task.variant: \"{}\" is no variant of {}{} Known: {}",
                                place_of("task.variant", origin_of), printable(task.variant), task.name,
                                hint.empty() ? "." : hint, fmt::join(known, ", ")));
}

/// Where the setting stands that a message begins with ("task.length: ..."), or the task's name.
std::string place_of_message(const std::string& message, const OriginOf& origin_of) {
  const std::string key = message.substr(0, message.find(':'));
  const bool is_key = key.find(' ') == std::string::npos && key.find('.') != std::string::npos;
  return place_of(is_key && !origin_of(key).empty() ? key : "task.name", origin_of);
}

/// The task itself knows what it needs; by now its name and variant are known ones.
std::shared_ptr<const Task> checked_task(const Laboratory& laboratory, const Config& config,
                                         const OriginOf& origin_of) {
  try {
    std::shared_ptr<const Task> task = task_for(laboratory, config);
    for (const std::int64_t length : config.task.test_lengths) {
      if (length < 1)
        throw std::invalid_argument(
            fmt::format("task.test_lengths: a length is at least 1, found {}", length));
      task->test_at(length, 1)->batch(0, 1);
    }
    return task;
  } catch (const std::exception& error) {
    throw ConfigError(fmt::format("{}: {}", place_of_message(error.what(), origin_of), error.what()));
  }
}

/// The cell at these sizes and with these constants, and what it starts from.
void check_model(const Laboratory& laboratory, const Config& config, const TaskSpec& spec,
                 const OriginOf& origin_of) {
  std::string key = "model.cell";
  if (!config.model.constants.empty()) key = "model.constants." + config.model.constants.begin()->first;
  try {
    make_cell(laboratory.cells(), config.model.cell, cell_options(config, sizes_of(spec)));
    Tape scratch;
    const SequenceModel model = make_model(laboratory.cells(), config, sizes_of(spec));
    Parameters(scratch, model.parameters());  // refuses names that clash
    key = "model.start";
    if (!config.model.start.empty()) initial_parameters(config, model);
  } catch (const std::exception& error) {
    throw ConfigError(fmt::format("{}: {}", place_of(key, origin_of), error.what()));
  }
}

std::unique_ptr<const DataSource> checked_training(const Task& task, const Config& config,
                                                   const OriginOf& origin_of) {
  try {
    return training_source(task, config);
  } catch (const std::invalid_argument& error) {
    throw ConfigError(fmt::format("{}: {}", place_of_message(error.what(), origin_of), error.what()));
  }
}

void check_rates(const Laboratory& laboratory, const Config& config, const TaskSpec& spec,
                 const OriginOf& origin_of) {
  try {
    with_rates(make_model(laboratory.cells(), config, sizes_of(spec)).parameters(), config.train);
  } catch (const std::invalid_argument& error) {
    throw ConfigError(fmt::format("{}: {}", place_of_message(error.what(), origin_of), error.what()));
  }
}

void check_windows(const Config& config, const Task& task, const OriginOf& origin_of) {
  const std::unique_ptr<const DataSource> training = checked_training(task, config, origin_of);
  const bool by_stride = config.train.window == 0 || config.train.stride > config.train.window;
  try {
    check_windows(config, task.spec(), *training);
  } catch (const std::invalid_argument& error) {
    throw ConfigError(fmt::format("{}: {}", place_of(by_stride ? "train.stride" : "train.window", origin_of),
                                  error.what()));
  }
}

/// Where evaluations feed back outputs, a step's readout must be there at the next one.
void check_own_feedback(const Config& config, const Task& task, const OriginOf& origin_of) {
  if (!config.train.own_feedback || task.spec().feedback_size == 0) return;
  const std::string place = place_of("train.own_feedback", origin_of);
  if (config.model.layers != 1)
    throw ConfigError(
        fmt::format("{}: train.own_feedback: model.layers is {}; outputs come back at every step only to a "
                    "model of one layer",
                    place, config.model.layers));
  if (task.validation(config.train.validation_sequences)->carried())
    throw ConfigError(
        fmt::format("{}: train.own_feedback: the task {} is evaluated in streams, window by window, and "
                    "outputs come back within one alone; take pieces (task.window above 0)",
                    place, config.task.name));
}

void check_flossing(const Laboratory& laboratory, const Config& config, const Task& task,
                    const OriginOf& origin_of) {
  const std::unique_ptr<const DataSource> training = checked_training(task, config, origin_of);
  try {
    check_flossing(laboratory.cells(), config, task.spec(), *training);
  } catch (const std::invalid_argument& error) {
    throw ConfigError(fmt::format("{}: {}", place_of("train.flossing", origin_of), error.what()));
  }
}

void check_shards(const TrainConfig& train, const OriginOf& origin_of) {
  try {
    split_rows(train.batch, train.batch_shards);
  } catch (const std::invalid_argument& error) {
    throw ConfigError(fmt::format("{}: {}", place_of("train.batch_shards", origin_of), error.what()));
  }
}

/// Throws what check() does as an error at that key.
template <class Check>
void check_key(const char* key, const OriginOf& origin_of, Check check) {
  try {
    check();
  } catch (const std::invalid_argument& error) {
    throw ConfigError(fmt::format("{}: {}", place_of(key, origin_of), error.what()));
  }
}

void check_instruments(const Laboratory& laboratory, const Config& config, const OriginOf& origin_of) {
  check_key("diagnose_at", origin_of, [&] { Moments{config.diagnose_at}; });
  check_key("diagnose_loss_step", origin_of, [&] { loss_step(config.diagnose_loss_step); });
  check_key("diagnose", origin_of, [&] {
    for (const Instrument* one : instruments_of(laboratory.instruments(), config)) {
      const std::string why = one->objection ? one->objection(laboratory, config) : "";
      if (!why.empty()) throw std::invalid_argument(fmt::format("diagnose: {}: {}", one->name, why));
    }
  });
}

}  // namespace

void check_config(const Laboratory& laboratory, const Config& config, const OriginOf& origin_of) {
  check_owners(laboratory, config, origin_of);
  check_variant(laboratory.tasks(), config.task, origin_of);
  check_shards(config.train, origin_of);
  check_instruments(laboratory, config, origin_of);
  const std::shared_ptr<const Task> task = checked_task(laboratory, config, origin_of);
  check_model(laboratory, config, task->spec(), origin_of);
  check_rates(laboratory, config, task->spec(), origin_of);
  check_windows(config, *task, origin_of);
  check_own_feedback(config, *task, origin_of);
  check_flossing(laboratory, config, *task, origin_of);
}

}  // namespace unroll
