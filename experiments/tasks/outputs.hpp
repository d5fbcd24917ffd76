#pragma once

#include "experiments/tasks/task_config.hpp"

namespace unroll {

/// What a task's outputs on classes or symbols are: logits of a softmax, with cross-entropy, or logistic
/// units by themselves, with squared errors.
enum class Outputs { softmax, logistic };

/// The setting that says so, and its value.
const OptionSpec& outputs_option();
Outputs outputs_of(const TaskConfig& config);

}  // namespace unroll
