#pragma once

#include <vector>

#include "experiments/tasks/task.hpp"

/// Settings of tasks on music of the user's.
namespace unroll::music_options {

extern const OptionSpec music, validation_music, test_music, steps_per_quarter, steps_per_second, transpose,
    hanging_notes, averaged_over;

std::vector<OptionSpec> rows();

}  // namespace unroll::music_options

namespace unroll {

/// Whether what a task's models answer is music: it says how long a step is. Then its inputs are the frames
/// of a piano roll, or, where they are tokens, the events of a melody.
bool is_music(const TaskRow& task);

/// What a step of the grid is a part of: of a quarter note, or of a second.
struct Grid {
  std::int64_t steps;  ///< of each
  bool seconds = false;
};
Grid grid_of(const TaskConfig& config);

}  // namespace unroll
