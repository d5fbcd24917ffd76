#pragma once

#include <cstdint>

namespace unroll {

/// How far a trial is.
struct TrialProgress {
  std::int64_t updates_done;
  std::int64_t updates_planned;
  std::int64_t updates_before = 0;  ///< of them, done by an earlier call that this one goes on from
  std::int64_t tokens = 0;          ///< steps of all sequences that an update goes on by
  double train_loss = 0;            ///< mean since the last validation
  double validation_loss = 0;       ///< the last one
};

}  // namespace unroll
