#pragma once

#include <pthread.h>

#include <array>
#include <atomic>
#include <csignal>
#include <string_view>
#include <thread>

namespace unroll {

/// While it lives, the first of the signals that ask a process to end raises `stop` and says so on stderr:
/// Ctrl-C, SIGTERM, a terminal that is gone (SIGHUP, unless the process was told to ignore it, as by nohup),
/// and what schedulers send before a limit (SIGUSR1, SIGXCPU). Ctrl-C or SIGTERM after that ends the process
/// at once; the others come twice by themselves. A thread of its own waits for them, so that neither a global
/// nor a file descriptor is needed, of which a process may have none left; threads that are made later
/// inherit that the signals are blocked.
class SignalWatch {
 public:
  /// Throws std::system_error where no thread can be had.
  explicit SignalWatch(std::atomic<bool>& stop);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  /// Of a process that the first signal stopped: 130 after Ctrl-C, else 75, by which a scheduler knows that
  /// the same command goes on from there.
  int exit_status() const;
  /// "SIGTERM"; empty before any.
  std::string_view name() const;

 private:
  static constexpr std::size_t most = 5;  ///< signals

  void restore();
  void watch(std::atomic<bool>& stop);
  void take(int signal, std::atomic<bool>& stop);

  sigset_t watched_, before_;
  std::array<struct sigaction, most> actions_before_;
  std::atomic<int> first_ = 0;  ///< signal
  std::atomic<bool> finished_ = false;
  std::thread thread_;
};

}  // namespace unroll
