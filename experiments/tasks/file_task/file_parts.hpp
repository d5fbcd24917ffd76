#pragma once

#include <memory>
#include <string>
#include <vector>

#include "experiments/data/preparation.hpp"
#include "experiments/data/sequence_table.hpp"
#include "experiments/tasks/file_task/predictors.hpp"
#include "experiments/tasks/task.hpp"

namespace unroll {

/// What is learned from, validated on or tested on: some sequences of a table, or some steps of its only one.
struct FilePart {
  std::shared_ptr<const SequenceTable> table;
  std::vector<std::int64_t> sequences = {};
  Range steps = {};  ///< of a long series
  bool series = false;

  bool empty() const { return series ? steps.count == 0 : sequences.empty(); }
  /// Rows of the table's inputs.
  std::vector<Range> input_rows() const;
  Answers answers() const;
};

/// A user's data, ready to train on.
struct FileParts {
  FilePart training, validation, test;  ///< the last one may be empty
  TaskSpec spec;
  bool next = false;         ///< the targets are the inputs, later
  std::int64_t missing = 0;  ///< values that were put in
  Preparation preparation = {};
  std::string scaling;   ///< what was done to inputs and targets, for people
  std::string left_out;  ///< columns that are no numbers
};

/// Reads the files, splits, scales by the training part, or as config.preparation says. Throws DataError
/// naming the setting, or the file and the place in it.
///
/// Fractions of one series are cut off its end: training, validation, test. Of a set of sequences they are
/// drawn at random, the same ones whatever the trial's seed is.
FileParts read_file_parts(const TaskConfig& config, const ObjectiveList& objectives);

}  // namespace unroll
