#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "experiments/config/option.hpp"
#include "experiments/instruments/instrument.hpp"
#include "experiments/objectives/objective.hpp"
#include "experiments/tasks/task.hpp"
#include "experiments/train/config.hpp"
#include "models/cell_table.hpp"

namespace unroll {

/// A study as the text of its file (experiments/studies/study.hpp), under its name.
struct StudyRow {
  std::string name;
  std::string text;
  std::map<std::string, std::string> cells = {};  ///< equations that it calls by the name of a file
};

using StudyList = std::vector<StudyRow>;

/// Everything that can be named in a config: tasks, objectives, cells, instruments, and the settings that
/// follow from them; and studies. A program of one's own hands its rows to it and has every verb with them.
class Laboratory {
 public:
  /// The standard lists, with more rows behind them. Throws std::invalid_argument for a name or a setting
  /// that is there twice.
  explicit Laboratory(TaskList tasks = {}, ObjectiveList objectives = {}, CellList cells = {},
                      InstrumentList instruments = {}, StudyList studies = {});
  Laboratory(const Laboratory&) = delete;  // its options refer to its lists
  Laboratory& operator=(const Laboratory&) = delete;

  const TaskList& tasks() const { return tasks_; }
  const ObjectiveList& objectives() const { return objectives_; }
  const CellList& cells() const { return cells_; }
  /// Those of the caller, beside those that come with the program.
  const StudyList& studies() const { return studies_; }
  const InstrumentList& instruments() const { return instruments_; }
  const OptionTable& options() const { return *options_; }

  /// The task of a config. The last few are kept: the check of a plan, its costs and its trials share what
  /// was read from the user's files. Throws as unroll::make_task() does.
  std::shared_ptr<const Task> make_task(const TaskConfig& config) const;

  /// Every field as its row has it: "" still stands for the task's first variant.
  Config unresolved_defaults() const;
  /// The same with defaults that depend on other settings resolved.
  Config default_config() const;
  /// Fills in the defaults that depend on other settings: an empty variant or length becomes the task's, a
  /// decay or epsilon of 0 what is published for the optimiser, a stride of 0 the window. All names must be
  /// known ones.
  void resolve(Config& config) const;

  /// The settings that this config has, in the order of a file: without those of other tasks.
  std::vector<const Option*> rows_of(const Config& config) const;
  bool has(const Config& config, const Option& option) const;

 private:
  TaskList tasks_;
  ObjectiveList objectives_;
  CellList cells_;
  InstrumentList instruments_;
  StudyList studies_;
  std::unique_ptr<const OptionTable> options_;

  struct KeptTask {
    TaskConfig config;
    std::shared_ptr<const Task> task;
  };
  mutable std::mutex mutex_;
  mutable std::deque<KeptTask> kept_;  ///< the latest one first
};

/// Whether other settings' defaults depend on this one.
bool governs_defaults(std::string_view key);

}  // namespace unroll
