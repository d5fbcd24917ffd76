#include "experiments/verbs/trial_words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/cluster/slurm_script.hpp"
#include "experiments/config/cell_text.hpp"
#include "experiments/config/text.hpp"
#include "experiments/sweep/progress.hpp"
#include "experiments/train/make_model.hpp"
#include "experiments/train/taught_task.hpp"

namespace unroll {
namespace {

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
  if (row && row->use) {
    const ModelUse use = row->use(task);
    std::string command = fmt::format("unroll {} {}", use.verb, shell_word(folder.string()));
    for (const std::string& word : use.words) command += " " + shell_word(word);
    return command;
  }
  if (row && row->length)
    return fmt::format("unroll evaluate {} task.length={}", shell_word(folder.string()),
                       2 * laboratory.make_task(task)->validation(1)->max_steps(1));
  return fmt::format("unroll evaluate {}", shell_word(folder.string()));
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
                     shell_word(folder.string()),
                     std::filesystem::exists(folder / "model.safetensors") ? ", the best model" : "",
                     next_command(laboratory, trial, folder));
}

}  // namespace unroll
