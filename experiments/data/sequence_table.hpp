#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "experiments/data/source.hpp"

namespace unroll {

/// Sequences of numbers whose steps lie one after the other: no padding, whatever their lengths. One long
/// series is the table of a single sequence.
struct SequenceTable {
  Tensor<float> inputs;  ///< (S, inputs): the steps of all sequences
  /// Of every step: (S, outputs), or (S) classes. Of the last step: (N, outputs), or (N).
  Values target;
  bool every_step = false;
  std::optional<Tensor<float>> weights = {};  ///< (S): how much each step counts
  std::vector<Range> sequences = {};          ///< N of them: the steps of each

  std::int64_t steps() const { return inputs.shape()[0]; }
  std::int64_t size() const { return static_cast<std::int64_t>(sequences.size()); }
};

/// The table's sequences.
std::shared_ptr<const Dataset> dataset_of(std::shared_ptr<const SequenceTable> table);
/// Other pieces of its steps, in place of its sequences; a table with a target at every step.
std::shared_ptr<const Dataset> dataset_of(std::shared_ptr<const SequenceTable> table,
                                          std::vector<Range> pieces);

/// Some steps of a table with a target at every step, to run through in streams.
std::shared_ptr<const LongSeries> series_of(const SequenceTable& table, Range steps);

/// Some entries of the first axis.
Values entries_of(const Values& values, Range entries);

}  // namespace unroll
