#pragma once

#include <atomic>
#include <filesystem>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "experiments/sweep/folder_watch.hpp"
#include "experiments/sweep/journal.hpp"
#include "experiments/sweep/progress.hpp"
#include "experiments/sweep/runner.hpp"
#include "experiments/sweep/schedule.hpp"

namespace unroll {

/// Where the state of a trial that was interrupted is kept.
std::filesystem::path checkpoint_of(const std::filesystem::path& out, const Trial& trial);

/// Runs the jobs of one sweep on several threads; what these share.
class SweepRun {
 public:
  SweepRun(const SweepPlan& plan, const SweepOptions& options, const TrialFunction& run,
           std::vector<Job> jobs, std::size_t finished_before, JournalReader& journals,
           std::atomic<bool>& stop);

  void execute(int threads);
  const std::string& error() const { return error_; }
  /// Whether the folder was deleted, moved or replaced meanwhile, and results with it.
  bool lost_folder() const { return lost_folder_; }
  /// Whether trials are left that were to be run.
  bool cut_short() const { return finished_ < jobs_.size(); }

 private:
  void work();
  void run_job(std::size_t index);
  TrialRecord run_trial_of(std::size_t index);
  void look_at_folder();
  bool finished_elsewhere(const Job& job, TrialStatus& status);

  const SweepPlan& plan_;
  const SweepOptions& options_;
  const TrialFunction& run_;
  const std::vector<Job> jobs_;
  std::set<std::string> retried_;  ///< their failed records in the journals do not count
  JournalReader& journals_;
  std::mutex journals_mutex_;
  std::atomic<bool>& stop_;
  Journal journal_;
  FolderWatch folder_;
  std::atomic<bool> lost_folder_ = false;
  Progress progress_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<std::size_t> finished_ = 0;
  std::mutex error_mutex_;
  std::string error_;
};

}  // namespace unroll
