#include "experiments/laboratory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "experiments/instruments/moments.hpp"
#include "experiments/train/option_rows.hpp"
#include "experiments/train/options.hpp"
#include "experiments/train/taught_task.hpp"
#include "framework/optim/rules.hpp"

namespace unroll {
namespace {

using namespace rows;

template <class Row, class Rows>
std::vector<Row> with_more(const Rows& standard, std::vector<Row> more, std::string_view what) {
  std::vector<Row> all(standard.begin(), standard.end());
  for (Row& row : more) {
    if (std::ranges::find(all, row.name, &Row::name) != all.end())
      throw std::invalid_argument(fmt::format("there are two {} called {}", what, row.name));
    all.push_back(std::move(row));
  }
  return all;
}

bool reads_loss_step(const InstrumentList& instruments, const Config& config) {
  return std::ranges::any_of(config.diagnose, [&](const std::string& name) {
    const Instrument* row = find_instrument(instruments, name);
    return row && row->reads_loss_step;
  });
}

/// What is looked at while training.
std::vector<Option> instrument_rows(const InstrumentList& instruments) {
  const auto names = [&instruments] {
    std::vector<std::string> all;
    for (const Instrument& row : instruments) all.push_back(row.name);
    return all;
  };
  return {row("diagnose", {std::vector<std::string>{"state_gradients"}, {}, names}, result,
              "what is looked at while training, of `unroll instruments`; []: nothing",
              [](Config& c) -> OptionField { return &c.diagnose; }),
          row(
              "diagnose_at", {std::vector<std::string>{"0", "end"}}, result,
              "when: numbers of updates done, \"start\", \"end\", \"every N\"",
              [](Config& c) -> OptionField { return &c.diagnose_at; },
              [](const Config& c) { return !c.diagnose.empty(); }),
          row(
              "diagnose_loss_step", text("last"), result,
              "whose loss the states' gradients are of: last, all, or a step from 1 on",
              [](Config& c) -> OptionField { return &c.diagnose_loss_step; },
              [&instruments](const Config& c) { return reads_loss_step(instruments, c); })};
}

std::vector<Option> general_rows() {
  return {
      row("seed", {std::uint64_t{1}}, result, "of every random stream; 64 bits, as an integer or a string",
          [](Config& c) -> OptionField { return &c.seed; }),
      called({"output", "outdir", "out_dir", "output_dir", "folder"},
             row("out", text(""), display, "output folder; empty: out/ and the name of the config file",
                 [](Config& c) -> OptionField { return &c.out; })),
      called({"threads", "workers", "n_jobs", "num_workers", "num_threads"},
             row("jobs", integer(0, from_to(0, 4096)), display,
                 "threads: trials trained at once, then shards of a batch; 0: one per core",
                 [](Config& c) -> OptionField { return &c.jobs; }))};
}

std::vector<std::string> names_of(const TaskList& tasks) {
  std::vector<std::string> names;
  for (const TaskRow& task : tasks) names.push_back(task.name);
  return names;
}

std::vector<std::string> tasks_with_lengths(const TaskList& tasks) {
  std::vector<std::string> names;
  for (const TaskRow& task : tasks)
    if (task.length) names.push_back(task.name);
  return names;
}

/// What every task has, or every one that makes its sequences to a length.
std::vector<Option> common_task_rows(const TaskList& tasks) {
  std::vector<Option> all = {
      row("task.name", name("adding", [&tasks] { return names_of(tasks); }), result,
          "what the model must learn", [](Config& c) -> OptionField { return &c.task.name; }),
      row("task.variant", text(""), result, "which definition of the task; empty: its first one",
          [](Config& c) -> OptionField { return &c.task.variant; }),
      called({"T", "seq_len", "sequence_length", "seqlen"},
             row("task.length", {LengthRange{}}, result,
                 "steps T of a sequence, as the task counts them; empty: the task's own default",
                 [](Config& c) -> OptionField { return &c.task.length; })),
      row("task.test_lengths", {std::vector<std::int64_t>{}}, result,
          "lengths at which the best model is tested besides, for accuracy over length",
          [](Config& c) -> OptionField { return &c.task.test_lengths; })};
  for (Option& option : all)
    if (option.key.find("length") != std::string::npos) option.owners = tasks_with_lengths(tasks);
  return all;
}

/// A setting of a task's own lives under its key.
Option own_row(const OptionSpec& spec) {
  return {spec, [spec](Config& c) -> OptionField {
            return field_of(c.task.values.try_emplace(spec.key, spec.default_value).first->second);
          }};
}

bool same(const OptionSpec& a, const OptionSpec& b) {
  return a.default_value == b.default_value && a.meaning == b.meaning;
}

/// Tasks may share a setting, if it means the same in all of them.
void add_task_rows(const TaskRow& task, std::vector<Option>& all) {
  for (const OptionSpec& spec : task.options) {
    auto known = std::ranges::find(all, spec.key, &Option::key);
    if (known != all.end() && (known->owners.empty() || !same(*known, spec)))
      throw std::invalid_argument(fmt::format(
          "the task {} has a setting {} with another meaning than there is already", task.name, spec.key));
    if (known == all.end()) known = all.insert(all.end(), own_row(spec));
    known->owners.push_back(task.name);
  }
}

std::vector<Option> all_rows(const TaskList& tasks, const CellList& cells,
                             const InstrumentList& instruments) {
  std::vector<Option> all = general_rows();
  const auto append = [&](std::vector<Option> rows) { std::ranges::move(rows, std::back_inserter(all)); };
  append(instrument_rows(instruments));
  append(common_task_rows(tasks));
  for (const TaskRow& task : tasks) add_task_rows(task, all);
  append(cell_option_rows(cells));
  append(initialiser_option_rows());
  append(model_option_rows([&tasks](const Config& c) {
    const TaskRow* task = find_task(tasks, c.task.name);
    return task && task->inputs == InputKind::tokens;
  }));
  append(optimizer_option_rows());
  append(schedule_option_rows());
  append(training_option_rows([&cells](const Config& c) { return reads_feedback(cells, c); }));
  return all;
}

/// Whether the files that a task's settings name are there, and are still those that were meant.
bool has_files(const TaskConfig& config) {
  return std::ranges::all_of(config.values, [](const auto& setting) {
    const auto* file = std::get_if<InputFile>(&setting.second);
    return !file || file->empty() || file->content;
  });
}

/// Of a long series in parallel streams, which no full BPTT goes through.
constexpr std::int64_t carried_window = 50;

}  // namespace

Laboratory::Laboratory(TaskList tasks, ObjectiveList objectives, CellList cells, InstrumentList instruments,
                       StudyList studies)
    : tasks_(with_more(standard_tasks(), std::move(tasks), "tasks")),
      objectives_(with_more(standard_objectives(), std::move(objectives), "objectives")),
      cells_(with_more(cell_table(), std::move(cells), "cells")),
      instruments_(with_more(standard_instruments(), std::move(instruments), "instruments")),
      studies_(with_more(StudyList{}, std::move(studies), "studies")),
      options_(std::make_unique<OptionTable>(all_rows(tasks_, cells_, instruments_),
                                             std::vector{constants_family(), rates_family()})) {}

std::shared_ptr<const Task> Laboratory::make_task(const TaskConfig& config) const {
  constexpr std::size_t most_kept = 4;
  // Held while a task is made: of several trials that want it at once, one reads the files.
  const std::lock_guard lock(mutex_);
  const auto known = std::ranges::find(kept_, config, &KeptTask::config);
  if (known != kept_.end() && has_files(config)) return known->task;
  kept_.push_front({config, unroll::make_task(tasks_, objectives_, config)});
  if (kept_.size() > most_kept) kept_.pop_back();
  return kept_.front().task;
}

Config Laboratory::unresolved_defaults() const {
  Config config{};
  for (const Option& option : options_->rows())
    if (option.owners.empty()) store(option.field(config), option.default_value);
  return config;
}

Config Laboratory::default_config() const {
  Config config = unresolved_defaults();
  resolve(config);
  return config;
}

void Laboratory::resolve(Config& config) const {
  resolve_task(tasks_, config.task);
  config.diagnose_at = resolved_moments(std::move(config.diagnose_at));
  const auto is_unset_member = [](const auto& member) { return member.second == unset; };
  std::erase_if(config.model.constants, is_unset_member);
  std::erase_if(config.train.rates, is_unset_member);
  const TaskRow* task = find_task(tasks_, config.task.name);
  if (config.train.window == 0 && task && task->carried) config.train.window = carried_window;
  if (config.train.stride == 0) config.train.stride = config.train.window;
  const bool rmsprop = config.train.optimizer == "rmsprop";
  const rules::RmspropVariant& published = rules::rmsprop_variant(config.train.rmsprop);
  if (config.train.decay == 0) config.train.decay = published.decay;
  if (config.train.epsilon == 0) config.train.epsilon = rmsprop ? published.epsilon : 1e-8;
}

std::vector<const Option*> Laboratory::rows_of(const Config& config) const {
  std::vector<const Option*> rows = options_->rows_of(config);
  std::erase_if(rows, [&](const Option* option) { return !has(config, *option); });
  return rows;
}

bool Laboratory::has(const Config& config, const Option& option) const {
  return option.owners.empty() || std::ranges::find(option.owners, config.task.name) != option.owners.end();
}

bool governs_defaults(std::string_view key) {
  return key == "task.name" || key == "train.optimizer" || key == "train.rmsprop" || key == "train.window";
}

}  // namespace unroll
