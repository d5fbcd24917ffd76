#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/bench/rivals/step_shape.hpp"

namespace unroll {

/// What a row of the bench measures.
enum class BenchKind {
  step,     ///< forward and backward pass of one batch, against all rivals
  small,    ///< the same of nets so small that products are not what a step costs, against a plain loop
  stream,   ///< a trained net that reads a stream, by blocks and by samples
  reverse,  ///< GradBench's LSTM of diagonal weights in double, against a reverse mode by hand
  ops,      ///< a cell as equations against the same cell as C++ ops
  record,   ///< recording, differentiating and planning a net, for few and for many steps
  length,   ///< time per step over sequences of growing length, up to `steps`
  memory,   ///< a long sequence under a memory budget, against a shorter one without
  threads,  ///< two training loops at once against one alone
  shards,   ///< updates of one trial in two shards, on two threads against one
  ragged,   ///< sequences of uneven lengths, packed against padded
  around,   ///< a cell with dropout and layer norm against the cell alone
  language  ///< an update of a language model with a softmax over many words, against all rivals
};

/// "step", "small", "stream", ...: the name of the enumerator.
std::string_view name(BenchKind kind);

/// Which runs a row belongs to.
enum class BenchRuns { all, quick, full };

/// One measurement.
struct BenchRow {
  BenchKind kind;
  std::string_view cell;
  StepShape shape;
  BenchRuns runs;
  std::size_t max_memory = 0;       ///< memory: bytes for the plan
  std::int64_t steps_that_fit = 0;  ///< memory: of the sequence without a budget
  std::int64_t vocabulary = 0;      ///< language: words; the cell's inputs are the embedding's size
  std::int64_t layers = 0;          ///< reverse: cells on each other

  /// "step/vanilla/100x20x2x128": steps, rows, inputs and hidden size (and words, or layers). What --only
  /// looks into.
  std::string name() const;
};

/// The list of all measurements, in the order they run.
std::span<const BenchRow> bench_rows();

/// Those of the quick or the full run whose name contains `only`; the one of that name where there is one.
std::vector<BenchRow> select_rows(bool quick, std::string_view only);

}  // namespace unroll
