#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/tasks/task_config.hpp"

namespace unroll {

/// What simple models of counts reach on the same parts of a text.
struct Baseline {
  std::string name;        ///< "uniform", "unigram", "bigram", "3-gram", ...
  double validation_loss;  ///< nats per token
  std::optional<double> test_loss = {};
};

/// Uniform to 5-gram: interpolated modified Kneser-Ney of words, Witten-Bell of characters, counted on the
/// training part. Of the task cat on sentences of its grammar, as many words apart as task.length says.
/// Empty for tasks without a text.
std::vector<Baseline> baselines(const TaskConfig& config);

/// What a token of the task is called: "character", "word"; empty for tasks without a text.
std::string_view token_name(const TaskConfig& config);

}  // namespace unroll
