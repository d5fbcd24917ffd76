#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "experiments/config/config.hpp"
#include "experiments/train/record.hpp"

namespace unroll {

/// How a running trial talks to whoever started it. Called from the trial's own thread.
struct TrialHooks {
  std::function<void(std::int64_t updates_done, std::int64_t updates_planned)> progress = [](auto, auto) {};
  const std::atomic<bool>* stop =
      nullptr;  ///< when it becomes true, run_trial throws Interrupted after the update
};

struct Interrupted {};

/// What a trial will need, known before it starts.
struct TrialCost {
  std::size_t bytes;  ///< parameters, optimiser state and the plans' arenas at their largest
  double flops;       ///< of all updates and validations
};

/// Throws std::invalid_argument when the configuration makes no model; std::length_error, with the bytes
/// needed and what to do, when train.max_memory is too little for it.
TrialCost trial_cost(const Config& config);

/// Trains the model of `config` on its task; throws what trial_cost() does before it begins. Divergence is a
/// result, not an error; `id`, `axes`, `seconds` and `build` of the record are left to the caller.
TrialRecord run_trial(const Config& config, const TrialHooks& hooks = {});

}  // namespace unroll
