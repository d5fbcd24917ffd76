#pragma once

#include "experiments/tasks/task.hpp"

namespace unroll {

// The next point of a chaotic system, and after training the model's own orbits beside the system's.
//
// Inputs and targets (T, dimensions): points of an orbit on the attractor, each dimension with mean 0 and
// deviation 1, and the points one later; squared error. With task.observation_noise training reads and is
// asked for points with Gaussian noise of such a deviation; validation and test are without. The trivial loss
// is that of saying the last point again; solved below a hundredth of it: our rule, for papers judge the
// model's own orbits.
//
// These come after training of the best model, where task.free_steps is not 0: it reads 100 points of ten
// orbits of the system, then its own answers for so many steps. The record has free_D_stsp and free_D_H, how
// far they are from the system's orbits (chaos/measures.hpp), free_valid_time, the mean time to an error
// above 0.4, in times 1 / largest Lyapunov exponent of the system, and system_D_stsp and system_D_H, what
// other orbits of the system itself have: the least that can be reached.

/// Lorenz 1963, three dimensions, points 0.03 apart.
TaskRow lorenz63_row();
/// Lorenz 1996 on a ring of task.dimensions, forcing 8, points 0.04 apart.
TaskRow lorenz96_row();
/// Mackey & Glass 1977, delay 17, one dimension, points 1 apart. Of the first task.washout steps of a
/// sequence answers do not count: they only show where the orbit is.
TaskRow mackey_glass_row();

}  // namespace unroll
