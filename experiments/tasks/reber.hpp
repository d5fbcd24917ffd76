#pragma once

#include "experiments/tasks/grammar.hpp"
#include "experiments/tasks/task.hpp"

namespace unroll {

/// The embedded Reber grammar (Smith & Zipser 1989; Hochreiter & Schmidhuber 1997, experiment 1): B, then T
/// or P, a string of Reber's grammar, the same T or P again, E. Symbols are B, T, P, S, X, V, E. After the
/// last E a string ends, or, `continual`, another one begins.
Grammar embedded_reber(bool continual);

/// Read a string of the embedded Reber grammar, symbol by symbol, and predict the next one at each step.
///
/// Inputs (length - 1, 7), one-hot in the order above; targets (length - 1, 7), one NextSymbol each. Strings
/// are as frequent as in the grammar, among those of as many symbols as task.length allows (the shortest have
/// 9; of those longer than 100 there is 1 in 10^11). Trained is the symbol that comes; an answer is right
/// when every symbol that might come stands above all that cannot, solved when none is wrong. task.outputs
/// says whether outputs are a softmax's or, as in 1997, logistic. The trivial loss is that of knowing the
/// number of steps alone.
TaskRow reber_row();

/// The same without an end: one string follows another in a stream that is read from the start of the first
/// one, with no sign where memory is to be cleared (Gers, Schmidhuber, Cummins 2000, Learning to forget).
/// task.length counts steps.
TaskRow continual_reber_row();

}  // namespace unroll
