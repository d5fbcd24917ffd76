#pragma once

#include "experiments/tasks/task.hpp"

namespace unroll {

/// A nonlinear moving average of order 10, driven by noise (Atiya & Parlos 2000, New results on recurrent
/// network training, eq. 86): y_(t+1) = 0.3 y_t + 0.05 y_t (y_t + ... + y_(t-9)) + 1.5 u_(t-9) u_t + 0.1, u
/// uniform in [0, 0.5]. Read is u_t, asked for y_(t+1); both scaled to mean 0 and deviation 1. Before its
/// sequence both are 0; the first 30 steps, in which y gets from there to where it stays, count nothing. A
/// series that leaves [0, 2], as few do, is drawn anew.
TaskRow narma10_row();

}  // namespace unroll
