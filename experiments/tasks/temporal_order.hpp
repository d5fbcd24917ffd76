#pragma once

#include "experiments/tasks/task.hpp"

namespace unroll {

/// Temporal order: two or three symbols from {A, B} stand far apart in noise; say at the end which they were,
/// in their order.
///
/// Inputs (T, channels), one-hot: channel 0 is A, 1 is B, 2 to 5 are noise, drawn uniformly at all other
/// steps. Class: first + 2 second (+ 4 third), with A = 0 and B = 1; cross-entropy at the last step. A
/// sequence is wrong when another class scores as high as its own.
///
/// - 2-symbol: 4 classes, symbols at p0 in [0.1, 0.2) and p1 in [0.5, 0.6) of the length (Pascanu et al.
/// 2013,
///   published code).
/// - 3-symbol: 8 classes, in [0.1, 0.2), [0.3, 0.4) and [0.6, 0.7).
/// - hs97: 4 classes (Hochreiter & Schmidhuber 1997, experiment 6a). The symbols are X and Y, at steps from
///   T/10 to T/5 and from T/2 to 3T/5 (10 to 20 and 50 to 60 for T = 100, both ends included); channel 6
///   marks the first step, channel 7 the last; the length of a batch is uniform from T to 1.1 T. A sequence
///   is right only when every output is within 0.3 of its target.
///
/// With task.outputs = "logistic" there are logistic units with squared errors in place of the softmax, as in
/// 1997; a sequence is right when each is within 0.5 of its target, or as the variant has it.
TaskRow temporal_order_row();

/// Random permutation: the first of T symbols, 0 or 1, is asked for at the end; the others are drawn
/// uniformly from 98 more and say nothing. Inputs (T, 100), one-hot; 100 classes, cross-entropy at the last
/// step (Hochreiter & Schmidhuber 1997, exp. 2b; Martens & Sutskever 2011; Pascanu et al. 2013, published
/// code).
TaskRow random_permutation_row();

}  // namespace unroll
