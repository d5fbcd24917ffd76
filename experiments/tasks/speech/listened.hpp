#pragma once

#include <span>
#include <string>
#include <vector>

#include "experiments/data/audio/heard.hpp"
#include "experiments/tasks/task_config.hpp"

namespace unroll {

/// What a model of the task `speech` heard in the samples of a recording: their spectrogram in mel bands,
/// whatever the model reads, and how likely it holds each label by its outputs (steps, labels), with one for
/// the blank where there are more outputs than labels. `file` and `said` are left to the caller.
Heard listened(const TaskConfig& config, const std::vector<std::string>& labels,
               std::span<const float> samples, std::span<const float> outputs, std::int64_t output_size);

}  // namespace unroll
