#pragma once

#include "experiments/tasks/task.hpp"

namespace unroll {

/// Latching (Bengio, Simard, Frasconi 1994): one of two classes shows itself in the first three steps; after
/// noise a unit must still hold it.
///
/// Inputs (T, 7): at steps 0 to 2 channel 3 class + step is 1, so that a matrix has one free value for each
/// class and step; from step 3 on channel 6 is Gaussian noise of standard deviation task.noise. Target 0.8
/// for class 0 and -0.8 for class 1 at the last step, squared error. A sequence is right when its output is
/// within 0.8 of the target: of a tanh unit that is when it has the target's sign. Solved when none is wrong.
/// The paper's model is one unit that is its own output: experiments/studies/latching/latch.cell with
/// model.hidden = 1, model.readout = "state".
TaskRow latching_row();

/// The two-sequence problem (Bengio et al. 1994, as in Hochreiter & Schmidhuber 1997, experiment 3): the
/// first three of T values say which of two classes, the rest is Gaussian noise of variance 0.2; one answer
/// at the end. Inputs (T, 1), lengths of a batch uniform from T to 1.1 T. One logistic output, squared error.
///
/// - hs97-3a: the three values are 1 for class 1 and -1 for class 2, targets 1 and 0. Wrong when off by 0.2;
///   solved when none is wrong and the mean error is below 0.01.
/// - hs97-3c: targets 0.2 and 0.8, in training with Gaussian noise of variance 0.1 on them. Wrong when off by
///   0.1 from the target without noise; solved when the mean error from it is below 0.015.
TaskRow two_sequences_row();

}  // namespace unroll
