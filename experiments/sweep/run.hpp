#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "experiments/sweep/claims.hpp"
#include "experiments/sweep/folder_watch.hpp"
#include "experiments/sweep/journal.hpp"
#include "experiments/sweep/progress.hpp"
#include "experiments/sweep/runner.hpp"
#include "experiments/sweep/units.hpp"

namespace unroll {

/// In a trial's folder: the state of a training that goes on.
inline constexpr const char* checkpoint_name = "checkpoint.safetensors";

/// Where the state of a trial that was interrupted is kept.
std::filesystem::path checkpoint_of(const std::filesystem::path& out, const Trial& trial);

/// Whether a trial may go on here from a checkpoint whoever wrote it: that is asked for, or the program is
/// the same and only the machine is another.
bool takes_any_build(const SweepOptions& options, const std::filesystem::path& checkpoint);

/// Runs the jobs of one sweep on several threads; what these share.
class SweepRun {
 public:
  SweepRun(const SweepPlan& plan, const SweepOptions& options, const TrialFunction& run,
           std::vector<Job> jobs, std::vector<Unit> units, Journal& journal, JournalReader& journals,
           std::atomic<bool>& stop);

  void execute(int threads);
  const std::string& error() const { return error_; }
  /// Whether the folder was deleted, moved or replaced meanwhile, and results with it.
  bool lost_folder() const { return lost_folder_; }
  /// Whether trials are left that were to be run.
  bool cut_short() const { return finished_ < jobs_.size(); }
  /// Whether it ended while other processes trained, see SweepOptions::wait.
  bool left_to_others() const { return left_to_others_; }

 private:
  void work();
  std::optional<std::size_t> next_unit();
  std::optional<std::size_t> claimed_unit();
  void run_unit(std::size_t unit);
  void run_job(std::size_t index, std::int64_t earlier_starts);
  TrialRecord run_trial_of(std::size_t index, std::int64_t earlier_starts);
  std::int64_t takeovers(std::size_t unit);
  std::int64_t starts_before(const Trial& trial);
  void take_from_journals();
  bool leaves();
  std::uint64_t bytes_of(std::size_t unit) const;
  bool has_room(std::size_t unit) const;
  bool begun_elsewhere(std::size_t unit) const;
  void give_up(const std::exception& error);
  void look_at_folder();

  const SweepPlan& plan_;
  const SweepOptions& options_;
  const TrialFunction& run_;
  const std::vector<Job> jobs_;
  const std::vector<Unit> units_;
  JournalReader& journals_;
  std::mutex claims_mutex_;  ///< of what follows up to waits_, and the journals
  Claims claims_;
  std::vector<std::size_t> open_;  ///< units that nobody in this process has taken
  std::vector<char> done_;         ///< by job
  std::uint64_t bytes_ = 0;        ///< that the trials which run need
  bool skips_ = false;             ///< what another kind of machine began
  bool short_of_memory_ = false;   ///< something waits for others to end
  bool waits_ = false;             ///< for other processes, as was said
  std::optional<std::chrono::steady_clock::time_point> idle_since_;  ///< nothing could be claimed
  bool left_to_others_ = false;
  std::atomic<bool>& stop_;
  Journal& journal_;
  FolderWatch folder_;
  std::atomic<bool> lost_folder_ = false;
  Progress progress_;
  std::atomic<std::size_t> finished_ = 0;
  std::mutex error_mutex_;
  std::string error_;
};

}  // namespace unroll
