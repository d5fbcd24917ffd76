#pragma once

#include <pthread.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "framework/tensor/file.hpp"

namespace unroll {

/// While it lives, the first Ctrl-C or SIGTERM raises `stop` and says so on stderr; the second ends the
/// process at once with status 130. A thread of its own reads the signals, so that no global is needed;
/// threads that are made later inherit that both signals are blocked.
class SignalWatch {
 public:
  explicit SignalWatch(std::atomic<bool>& stop);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  void watch(std::atomic<bool>& stop);

  sigset_t before_;
  struct sigaction actions_before_[2];  ///< of SIGINT and SIGTERM
  Descriptor signals_;
  Descriptor finish_;
  std::thread thread_;
};

}  // namespace unroll
