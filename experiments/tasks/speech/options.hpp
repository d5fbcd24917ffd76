#pragma once

#include <vector>

#include "experiments/data/audio/features.hpp"
#include "experiments/tasks/task.hpp"

namespace unroll {

namespace speech_options {

// Settings of the task `speech`.
extern const OptionSpec recordings, labels, label_pattern, label_unit, group_pattern, test_pattern,
    test_group, split;
extern const OptionSpec sample_rate, features, frame_ms, hop_ms, pre_emphasis, mels, mel_low, mel_high,
    log_floor, mfcc, deltas, delta_width, stack, normalise;
extern const OptionSpec splice, augment_noise, augment_gain, augment_shift, augment_speed;

/// All of them, in the order of a file.
std::vector<OptionSpec> rows();

/// What of them says how sound becomes features.
FeatureSettings feature_settings(const TaskConfig& config);

}  // namespace speech_options

/// Whether a task has recordings.
bool is_speech(const TaskRow& task);

}  // namespace unroll
