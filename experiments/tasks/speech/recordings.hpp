#pragma once

#include <map>
#include <string>
#include <vector>

#include "experiments/tasks/task_config.hpp"

namespace unroll {

/// A recording of a user's, as it is learned from.
struct SpokenFile {
  std::string file;            ///< path in the folder or archive
  std::string label;           ///< what is said, as text
  std::string group;           ///< who says it; "" where nobody knows
  bool tested = false;         ///< by task.test_pattern or task.test_group
  std::vector<float> samples;  ///< at task.sample_rate
};

/// All recordings, in the order of their paths.
struct Recordings {
  std::string source;  ///< the folder or archive
  std::vector<SpokenFile> all;
  std::map<std::string, std::int64_t> kinds;  ///< files by rate and channels: "44100 Hz, 2 channels"
  std::int64_t mixed_down = 0, resampled = 0;
  std::vector<std::string> passed_over;  ///< files that are no recordings
};

/// Reads them, with their labels. Throws DataError naming the file and the place in it, or the setting: for
/// files that are no sound, or silence, for a recording without a label, for patterns that are no regular
/// expressions or match nothing.
Recordings read_recordings(const TaskConfig& config);

}  // namespace unroll
