#pragma once

#include "experiments/tasks/task.hpp"

namespace unroll {

/// Counting (Gers & Schmidhuber 2001): read a start symbol and then a string a^n b^n, or a^n b^n c^n, symbol
/// by symbol; say at each step which symbols may come next.
///
/// task.length is n, of every sequence by itself, 1 to 10 as in the paper; task.test_lengths are larger n.
/// Inputs (2 n + 1, 3) or (3 n + 1, 4), one-hot: channel 0 is the start, then a, b, c. Targets, one for each
/// of a, b
/// (, c) and the end, are 1 where the symbol may come: a after the start; a or b after an a; after the other
/// symbols there is one. Each output is a yes or no of its own, binary cross-entropy. A string is right when
/// all of its steps are; solved when none is wrong. The trivial loss is that of the frequencies of each
/// output's yes.
///
/// - anbn: a context-free language. - anbncn: a context-sensitive one.
TaskRow counting_row();

}  // namespace unroll
