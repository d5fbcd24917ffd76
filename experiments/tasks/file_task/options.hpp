#pragma once

#include <string>
#include <vector>

#include "experiments/tasks/task_config.hpp"

namespace unroll::file_options {

// Settings of the task `file`.
extern const OptionSpec data, train_data, validation_data, test_data;
extern const OptionSpec target_data, validation_target_data, test_target_data;
extern const OptionSpec inputs, context, target, objective, readout, mask, lengths, sequence;
extern const OptionSpec missing, steps, permute, scale, window;

/// All of them, in the order of a file.
std::vector<OptionSpec> rows();

/// What task.target says when the inputs themselves are to be predicted.
inline const std::string next = "next";

}  // namespace unroll::file_options
