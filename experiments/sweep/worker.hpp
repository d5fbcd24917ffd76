#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace unroll {

/// One process at work on a sweep's folder. As long as it lives, its file worker-<16 hex>.json there says who
/// it is and holds a count that a thread of its own raises: its heartbeat. A process that ends removes the
/// file; of one that was killed it stays, until another one has taken over what it had claimed.
class Worker {
 public:
  /// Throws FileError where the file cannot be made. Later beats that cannot be written are left out: the
  /// process then counts as dead elsewhere, and trials that it trains may be trained twice.
  explicit Worker(std::filesystem::path folder, std::chrono::milliseconds beat = std::chrono::seconds(2));
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Its 16 hex digits, which claims name.
  const std::string& token() const { return token_; }

 private:
  void beat_until_the_end(std::chrono::milliseconds beat);
  void write_beat();

  std::string token_;
  std::filesystem::path path_;
  std::string identity_;
  std::uint64_t count_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ends_ = false;
  std::thread thread_;
};

/// Tells which workers of a folder are alive. A process of this machine (one system, one pid namespace, one
/// host name) is dead when there is no such process any more; any other one when its heartbeat has stood
/// still for `patience` by this process's own clock, which no clock of another machine, and nobody who sets
/// the time, can change.
class WorkerWatch {
 public:
  WorkerWatch(std::filesystem::path folder, std::chrono::milliseconds patience)
      : folder_(std::move(folder)), patience_(patience) {}

  /// Also where there is no file of that worker: it has ended.
  bool is_dead(std::string_view token);
  /// Whether what is called `name` has said nothing but `text` for that long.
  bool stands_still(std::string_view name, std::string text);
  /// Removes what a dead worker left of itself.
  void bury(std::string_view token);

 private:
  using Clock = std::chrono::steady_clock;

  struct Seen {
    std::string text;
    Clock::time_point since;
  };

  std::filesystem::path folder_;
  std::chrono::milliseconds patience_;
  std::map<std::string, Seen, std::less<>> seen_;
};

}  // namespace unroll
