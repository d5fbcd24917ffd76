#pragma once

#include "experiments/tasks/task.hpp"

namespace unroll {

/// Sequences of a user's own, from arrays or a table: a number or class for each sequence, or for each step.
/// A set of sequences is trained on in an order drawn anew for every pass; a long series in pieces of
/// task.window steps that may begin anywhere, and judged on pieces side by side, or with window 0 in streams
/// with states carried on.
TaskRow file_row();

}  // namespace unroll
