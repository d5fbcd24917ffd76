#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "experiments/train/trial.hpp"
#include "tests/support/laboratory.hpp"

namespace unroll::test {

inline constexpr std::int64_t never = 1 << 30;

/// What a trial leaves behind.
struct TrialResult {
  std::string record;
  std::vector<std::vector<float>> model;  ///< that was kept last
  std::int64_t update = -1;
  bool operator==(const TrialResult&) const = default;
};

/// A trial that can be stopped after any update, and goes on from its checkpoint when it is run again.
class Stoppable {
 public:
  explicit Stoppable(const Config& config, std::filesystem::path checkpoint = {}) : config_(config) {
    hooks.checkpoint = std::move(checkpoint);
    hooks.origin = {"this trial", "this build"};
    hooks.stop = &stop_;
    hooks.progress_every = 1;
    hooks.progress = [this](const TrialProgress& progress) {
      updates = progress.updates_done;
      before = progress.updates_before;
      stop_ = updates >= stop_after_;
    };
    hooks.keep_model = [this](const KeptModel& model) {
      result_.model.clear();
      for (const Tensor<float>& value : model.parameters)
        result_.model.emplace_back(value.span().begin(), value.span().end());
      result_.update = model.update;
    };
    hooks.warn = [this](const std::string& sentence) { warnings.push_back(sentence); };
  }

  /// False when it was stopped before its end.
  bool run(std::int64_t stop_after = never) {
    stop_after_ = stop_after;
    stop_ = stop_after == 0;
    try {
      TrialRecord record = run_trial(laboratory(), config_, hooks);
      // What alone may differ.
      earlier_seconds = std::exchange(record.seconds, 0);
      attempts = std::exchange(record.attempts, 1);
      result_.record = to_json(record);
      return true;
    } catch (const Interrupted&) {
      return false;
    }
  }
  const TrialResult& result() const { return result_; }

  TrialHooks hooks;
  std::int64_t updates = 0, before = 0;
  double earlier_seconds = 0;
  std::int64_t attempts = 0;
  std::vector<std::string> warnings;

 private:
  Config config_;
  std::atomic<bool> stop_ = false;
  std::int64_t stop_after_ = never;
  TrialResult result_;
};

}  // namespace unroll::test
