#pragma once

#include "experiments/tasks/task.hpp"

namespace unroll {

/// A long time lag without noise (Hochreiter & Schmidhuber 1997, experiment 2a): there are two sequences
/// only, y a1 ... a(p-1) y and x a1 ... a(p-1) x; predict the next symbol at each step. All but the last one
/// follow from the one before; the last one only from the first, p steps ago.
///
/// Inputs (p, p + 1), one-hot: channel 0 is x, 1 is y, then a1, a2, ...; p is task.length. With task.outputs
/// = "logistic" targets are 1 for the symbol that comes and 0, squared errors; with "softmax" it is its
/// class. An answer is right when every output is within 0.25 of its target, solved when none is wrong. The
/// trivial loss is that of what knows all but the last symbol.
TaskRow noise_free_row();

}  // namespace unroll
