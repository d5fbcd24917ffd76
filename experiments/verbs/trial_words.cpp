#include "experiments/verbs/trial_words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/config/cell_text.hpp"
#include "experiments/config/text.hpp"
#include "experiments/sweep/progress.hpp"
#include "experiments/train/make_model.hpp"
#include "experiments/train/taught_task.hpp"

namespace unroll {
namespace {

/// What may be seen of a folder's name in a shell.
std::string quoted(const std::filesystem::path& path) {
  const std::string text = path.string();
  const bool plain =
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+./=,:@") ==
      std::string::npos;
  if (plain) return text;
  std::string inside;
  for (const char c : text) inside += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return fmt::format("'{}'", inside);
}

std::string task_words(const TaskConfig& task) {
  std::string text = task.name;
  if (!task.variant.empty()) text += fmt::format(" ({})", task.variant);
  if (!task.length.empty()) text += fmt::format(" at length {}", to_text(OptionValue(task.length)));
  return text;
}

/// A use of the model that its task allows.
std::string next_command(const Laboratory& laboratory, const Trial& trial,
                         const std::filesystem::path& folder) {
  const TaskConfig& task = trial.config.task;
  const TaskRow* row = find_task(laboratory.tasks(), task.name);
  if (row && row->inputs == InputKind::tokens && row->carried)
    return fmt::format("unroll generate {}", quoted(folder));
  if (row && row->length)
    return fmt::format("unroll evaluate {} task.length={}", quoted(folder),
                       2 * laboratory.make_task(task)->validation(1)->max_steps(1));
  return fmt::format("unroll evaluate {}", quoted(folder));
}

}  // namespace

std::string what_it_trains(const Laboratory& laboratory, const Config& config) {
  const auto task = task_for(laboratory, config);
  const SequenceModel model = make_model(laboratory.cells(), config, sizes_of(task->spec()));
  return fmt::format("{} by {}, {}{} units, {} parameters: at most {} updates of {} sequences, seed {}",
                     task_words(config.task), label_of(config.model.cell),
                     config.model.layers > 1 ? fmt::format("{} layers of ", config.model.layers) : "",
                     config.model.hidden, trained_numbers(model.parameters()), config.train.updates,
                     config.train.batch, config.seed);
}

std::string what_it_did(const Laboratory& laboratory, const Trial& trial, const TrialRecord& record,
                        const std::filesystem::path& folder) {
  return fmt::format("{} update{} in {}; in {}: report.html, results.csv, series.csv{}\nnext: {}\n",
                     record.updates, record.updates == 1 ? "" : "s", render_duration(record.seconds),
                     quoted(folder),
                     std::filesystem::exists(folder / "model.safetensors") ? ", the best model" : "",
                     next_command(laboratory, trial, folder));
}

}  // namespace unroll
