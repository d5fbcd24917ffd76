#pragma once

#include <cstdint>
#include <span>

#include "framework/autodiff/tape.hpp"
#include "framework/tensor/tensor.hpp"

namespace unroll {

// Connectionist temporal classification (Graves, Fernández, Gomez, Schmidhuber 2006, "Connectionist Temporal
// Classification: Labelling Unsegmented Sequence Data with Recurrent Neural Networks"): targets are labels
// without times. A path has one output at each step; it says the labels that are left of it when repetitions
// are merged and then blanks removed. The loss is -log of the summed probability of all paths that say a
// sequence's labels. Labels 0 to K - 2 are the outputs of the same numbers, and the blank is the last one,
// K - 1.

/// Stands behind the last label of a sequence that has fewer than others.
inline constexpr std::int64_t no_label = -1;

/// Where the steps of a sequence stand in outputs (T, rows, K): `count` of them from step `first` of a row
/// on.
struct StepPlace {
  std::int64_t row, first, count;
};

/// All paths that say the labels of S sequences, in precision T. A sequence of L labels goes through 2 L + 1
/// states, a blank before, between and behind its labels; N is that of the sequence with most.
template <class T>
struct CtcLattice {
  Tensor<std::int64_t> outputs;  ///< (T, S, N): which of all outputs a state has at a step, flat
  Tensor<std::int64_t>
      steps;        ///< (T, S): where a step stands, as step * rows + row; the last one behind the end
  Tensor<T> live;   ///< (T, S, 1): 1 at the steps of a sequence, 0 behind its end
  Tensor<T> skips;  ///< (S, N): 0 where a path may leave out the blank before, else so low that none does
  Tensor<T> ends;   ///< (S, N): 0 where a path may end, else so low that none does
};

/// `labels` (S, most labels), which may all be no_label; `outputs` is K, the blank counted. Throws
/// std::invalid_argument naming the sequence: for a label that is none, for one behind no_label, and where
/// its labels need more steps than it has. A label that repeats the one before needs a step for the blank
/// between.
template <class T>
CtcLattice<T> ctc_lattice(const Tensor<std::int64_t>& labels, std::span<const StepPlace> places,
                          std::int64_t steps, std::int64_t rows, std::int64_t outputs);

/// The lattice as inputs of a tape.
struct CtcInputs {
  Var outputs, steps, live, skips, ends;
};

/// For `sequences` of at most so many labels, at least 1, over T steps.
CtcInputs ctc_inputs(Tape& tape, Dim sequences, std::int64_t most_labels);

/// Logits (T, rows, K) -> (S): the loss of each sequence in nats, by the forward recursion in log space; the
/// backward one is its derivative. Of any order.
Var ctc(Var logits, const CtcInputs& target);
/// Logits (T, rows, K) -> (T, S): the likeliest output at each step of each sequence.
Var ctc_best_path(Var logits, const CtcInputs& target);

}  // namespace unroll
