#pragma once

#include "experiments/tasks/task.hpp"

namespace unroll {

/// Recordings of a user's own: one label for each (variant label: cross-entropy after the last step), or
/// labels in their order without times (variant ctc).
TaskRow speech_row();

}  // namespace unroll
