#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>

#include "experiments/laboratory.hpp"
#include "experiments/records/record.hpp"
#include "experiments/train/checkpoint.hpp"
#include "experiments/train/non_finite.hpp"
#include "experiments/train/trial_progress.hpp"
#include "models/parameter.hpp"

namespace unroll {

/// Which parameters of a training are kept: those it starts with, those with the lowest validation loss,
/// those it ends with.
enum class Kept { first, best, last };

/// Parameters on the way of a trial.
struct KeptModel {
  Kept which;
  const Task& task;
  const std::vector<ParameterSpec>& specs;
  const std::vector<Tensor<float>>& parameters;
  std::int64_t update;
  double validation_loss;  ///< NaN where there is none
  bool final;              ///< of a training that goes on a better one may come
};

/// How a running trial talks to whoever started it. Called from the trial's own thread.
struct TrialHooks {
  std::function<void(const TrialProgress&)> progress = [](const TrialProgress&) {};
  std::int64_t progress_every = 20;  ///< updates
  const std::atomic<bool>* stop =
      nullptr;  ///< when it becomes true, run_trial throws Interrupted after the update
  /// After this moment run_trial throws Interrupted as well.
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  /// After so many updates the search stops the trial, which may go on from its checkpoint later; 0: it goes
  /// on to its end.
  std::int64_t stop_at = 0;
  /// Where the state of training is kept while it goes on, every so many seconds and when it is stopped;
  /// empty: nowhere. A trial that finds the state there goes on from it, with the same bits.
  std::filesystem::path checkpoint = {};
  double checkpoint_seconds = 60;
  /// Starts of this trial with this one, as far as is known but for what a checkpoint says.
  std::int64_t attempts = 1;
  /// What checkpoints say that they are of, and must say to be gone on from.
  CheckpointOrigin origin = {};
  bool any_build = false;  ///< go on also from the checkpoint of another build
  /// Takes a sentence for the user while training goes on: a file could not be written.
  std::function<void(const std::string&)> warn = [](const std::string&) {};
  /// Takes parameters: the first ones before training; those of the best validation so far when there is a
  /// new one, not more often than checkpoints are kept, and at the end; the last ones at the end. A FileError
  /// from it is a warning, at the end the trial's.
  std::function<void(const KeptModel&)> keep_model = {};
  /// Takes the batch in which a value that is not finite came up first, to be run again. A FileError from it
  /// is a warning.
  std::function<void(const NonFiniteBatch&)> keep_non_finite = {};
};

/// The state of training is kept by then, where it is to be and can be.
struct Interrupted {
  std::int64_t updates = 0;  ///< done so far
  bool by_deadline = false;  ///< TrialHooks::deadline has passed
};

/// What a trial will need, known before it starts.
struct TrialCost {
  std::size_t bytes;  ///< parameters, optimiser state and the plans' arenas at their largest
  double flops;       ///< of all updates and validations
};

/// Throws std::invalid_argument when the configuration makes no model; std::length_error, with the bytes
/// needed and what to do, when train.max_memory is too little for it.
TrialCost trial_cost(const Laboratory& laboratory, const Config& config);

/// Trains the model of `config` on its task; throws what trial_cost() does before it begins, and
/// CheckpointError. Divergence is a result, not an error; `id` and `build` of the record are left to the
/// caller, and to add this call's time to `seconds`, which are those of earlier calls that it went on
/// from.
TrialRecord run_trial(const Laboratory& laboratory, const Config& config, const TrialHooks& hooks = {});

}  // namespace unroll
