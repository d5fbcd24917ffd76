#pragma once

#include <memory>
#include <string>
#include <vector>

#include "experiments/saved/saved_model.hpp"

namespace unroll {

/// What a saved model was trained on, perhaps with other settings.
struct ModelTask {
  Config config;  ///< the model's, with them
  std::shared_ptr<const Task> task;
};

/// The task of a model that was loaded with the files it learned from. `overrides` ("task.length=400") may
/// set keys of the task, but for its name, and train.test_sequences. Throws ConfigError, and ModelError for a
/// task whose inputs, outputs or vocabulary are not the model's.
ModelTask task_of(const SavedModel& model, const std::vector<std::string>& overrides = {});

}  // namespace unroll
