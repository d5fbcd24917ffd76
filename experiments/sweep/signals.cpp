#include "experiments/sweep/signals.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdint>
#include <iterator>

#include "experiments/sweep/say.hpp"

namespace unroll {

namespace {

constexpr int watched_signals[] = {SIGINT, SIGTERM};

/// Runs in a thread that is older than the watch, such as those that OpenBLAS starts when it is loaded, and
/// does not block these signals: it will from now on, and the signal goes on to the watch.
void pass_on(int signal, siginfo_t*, void* context) {
  for (const int one : watched_signals) sigaddset(&static_cast<ucontext_t*>(context)->uc_sigmask, one);
  ::kill(::getpid(), signal);
}

}  // namespace

SignalWatch::SignalWatch(std::atomic<bool>& stop) {
  sigset_t watched;
  sigemptyset(&watched);
  for (const int signal : watched_signals) sigaddset(&watched, signal);
  pthread_sigmask(SIG_BLOCK, &watched, &before_);
  struct sigaction action = {};
  action.sa_sigaction = pass_on;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  action.sa_mask = watched;
  for (std::size_t i = 0; i < std::size(watched_signals); ++i)
    ::sigaction(watched_signals[i], &action, &actions_before_[i]);
  signals_ = Descriptor(::signalfd(-1, &watched, SFD_CLOEXEC));
  finish_ = Descriptor(::eventfd(0, EFD_CLOEXEC));
  thread_ = std::thread([this, &stop] { watch(stop); });
}

SignalWatch::~SignalWatch() {
  const std::uint64_t one = 1;
  write_all(finish_.get(), {reinterpret_cast<const char*>(&one), sizeof one});
  thread_.join();
  for (std::size_t i = 0; i < std::size(watched_signals); ++i)
    ::sigaction(watched_signals[i], &actions_before_[i], nullptr);
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void SignalWatch::watch(std::atomic<bool>& stop) {
  for (int signals = 0;;) {
    pollfd ready[] = {{signals_.get(), POLLIN, 0}, {finish_.get(), POLLIN, 0}};
    if (::poll(ready, 2, -1) < 0) continue;
    if (ready[1].revents != 0) return;
    signalfd_siginfo info;
    if (::read(signals_.get(), &info, sizeof info) != sizeof info) continue;
    if (++signals == 2) ::_exit(130);
    stop = true;
    say("\nstopping after the updates that are running; once more stops at once\n");
  }
}

}  // namespace unroll
