#pragma once

#include "experiments/tasks/task.hpp"

namespace unroll {

/// Timing: two spikes stand D steps apart; give a third one D steps after the second. After Gers,
/// Schraudolph, Schmidhuber 2002 (measuring spike delays), in the form of a suite of 2026 that has figures
/// for it: one spike in and one out.
///
/// Inputs (T, 1): 1 at steps t1 and t1 + D, else 0. Targets (T, 1): 1 at t1 + 2 D, else 0. D is uniform in
/// [T/5, 2T/5] (30 to 60 at T = 150), t1 as far as t1 + 2 D is a step. A logistic output with squared errors;
/// a step is right when the output is within 0.5 of its target, a sequence when all of its steps are. Solved
/// below 1 % of sequences wrong: our rule. The trivial loss is that of the constant 1/T.
TaskRow timing_row();

}  // namespace unroll
