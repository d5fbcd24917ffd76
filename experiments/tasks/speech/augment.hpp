#pragma once

#include <vector>

#include "experiments/tasks/task_config.hpp"
#include "framework/random/stream.hpp"

namespace unroll {

/// What is done to a recording each time it is trained on, as task.augment_* say; 0: nothing.
struct Augmentation {
  double noise_db = 0;  ///< least distance of white noise below the signal's mean power
  double gain_db = 0;
  double shift_ms = 0;
  double speed = 0;

  bool any() const { return noise_db > 0 || gain_db > 0 || shift_ms > 0 || speed > 0; }
};
Augmentation augmentation_of(const TaskConfig& config);

/// The samples changed: faster or slower, later or earlier, louder or softer, and with noise, in this order;
/// how much is drawn from the stream. Pure in the stream, whatever thread it is on.
std::vector<float> augmented(std::vector<float> samples, std::int64_t rate, const Augmentation& how,
                             Stream& stream);

/// Most samples that so many can become.
std::int64_t most_samples(std::int64_t samples, std::int64_t rate, const Augmentation& how);

}  // namespace unroll
