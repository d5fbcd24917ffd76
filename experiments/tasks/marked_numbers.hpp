#pragma once

#include "experiments/tasks/task.hpp"

namespace unroll {

// Among random numbers two are marked; report their sum, mean or product at the end.
//
// Inputs (T, 2): channel 0 is the value, channel 1 the marker, 1 where marked, else 0. One target, mean
// squared error at the last step. The variants are different problems with different baselines.

/// The adding problem:
///
/// - sum: U[0, 1], one marker in each half, target a + b (Le et al. 2015; Arjovsky et al. 2016). The best
///   constant, 1, has 1/6; the 0.1767 of some papers is a misprint.
/// - anywhere: the same with any two steps (Bai et al. 2018).
/// - hs97: U[-1, 1], markers of the first and last step -1, target 0.5 + (X1 + X2) / 4, length of a batch
///   uniform from T to 1.1 T (Hochreiter & Schmidhuber 1997, experiment 4). X1 is one of the first ten steps,
///   X2 one of the first T/2 - 1 that are still unmarked. If the very first step is picked, its value is 0
///   and its marker stays -1.
/// - pascanu: U[0, 1], first marker in the first tenth, second in [0.1, 0.5) of the length, which is uniform
///   in [T, 1.1 T), target (a + b) / 2 (Pascanu et al. 2013, published code; there the marker is channel 0).
TaskRow adding_row();

/// The multiplication problem, target a b with values U[0, 1]:
///
/// - hs97: positions and lengths as in the adding problem's (Hochreiter & Schmidhuber 1997, experiment 5). If
///   the very first step is picked, its value is 1.
/// - pascanu: positions and lengths as in the adding problem's (Pascanu et al. 2013, published code).
TaskRow multiplication_row();

}  // namespace unroll
