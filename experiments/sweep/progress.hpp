#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/records/record.hpp"
#include "experiments/train/trial_progress.hpp"

namespace unroll {

/// What the progress line says, as numbers. Costs are in any one unit (FLOPs, say).
struct ProgressState {
  std::size_t total = 0;     ///< trials of the sweep
  std::size_t finished = 0;  ///< done, diverged and failed ones, those of earlier calls included
  std::size_t running = 0;
  std::size_t diverged = 0;
  std::size_t failed = 0;
  double cost_worked = 0;     ///< spent by this call
  double cost_remaining = 0;  ///< of all trials that are not finished
  std::int64_t updates = 0;   ///< done by this call
  std::int64_t tokens = 0;    ///< steps of sequences that they went on by
  /// Of the only trial that is running.
  std::optional<double> train_loss = {}, validation_loss = {};
  double seconds = 0;  ///< since this call began
};

/// One line of at most `width` columns, without a line break; what matters least is left out first.
std::string render(const ProgressState& state, std::size_t width, bool color);

/// A trial that is running.
struct RunningTrial {
  std::string label;  ///< its settings
  TrialProgress progress = {};
  double seconds = 0;  ///< since it began in this call
};

/// "  seed=3 task.length=10  1200/3000  850 updates/s  train 0.0123  valid 0.0130", as above.
std::string render(const RunningTrial& trial, std::size_t width);

/// "45 s", "3 min 05 s", "2 h 10 min".
std::string render_duration(double seconds);

struct ProgressStyle {
  bool animated;  ///< lines redrawn in place: the whole, and each running trial; otherwise plain lines: per
                  ///< finished trial, and per minute
  bool color;
};

/// Animated only on a terminal that can (not TERM=dumb, not CI); in colour unless NO_COLOR is set
/// (https://no-color.org).
ProgressStyle progress_style(std::FILE* out);

/// Shows how far a sweep is; safe to call from the threads of all trials at once. No thread of its own: the
/// line is redrawn from the calls, at most ten times a second.
///
/// Written here because Debian 12 packages no maintained C++ progress-bar library (apt-cache search finds
/// none; indicators and libprogressbar are not in it).
class Progress {
 public:
  /// `costs`: expected cost of each trial that this call will run; a trial is its index in this list.
  /// `finished_before`: trials of the sweep that need no run any more.
  Progress(std::FILE* out, ProgressStyle style, std::vector<double> costs, std::size_t finished_before = 0);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Comes before the other two of the same trial. `label` names it.
  void trial_started(std::size_t trial, std::string_view label);
  /// As TrialHooks::progress gives them.
  void trial_updates(std::size_t trial, const TrialProgress& progress);
  /// `text` says what came out. Diverged and failed trials keep a line of their own.
  void trial_finished(std::size_t trial, TrialStatus status, std::string_view text);
  /// Draws the last state and ends its line; further calls do nothing.
  void close();

 private:
  using Clock = std::chrono::steady_clock;

  struct Running {
    double cost;          ///< expected
    double fraction = 0;  ///< of it that is worked off
    TrialProgress progress = {};
    bool finished = false;
    std::string label = {};
    Clock::time_point began = {};
  };

  void say(std::string_view line);
  void redraw(bool now);
  void redraw_plain(Clock::time_point time);
  ProgressState current() const;
  std::vector<std::string> lines(std::size_t width) const;
  std::string to_first_line() const;

  std::FILE* out_;
  ProgressStyle style_;
  std::vector<Running> trials_;
  std::vector<std::size_t> running_;  ///< in the order in which they began
  std::size_t below_ = 0;             ///< lines drawn below the first one
  ProgressState state_;
  Clock::time_point begin_;
  Clock::time_point drawn_;
  bool closed_ = false;
  std::mutex mutex_;
};

}  // namespace unroll
