#include "experiments/sweep/signals.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdint>

#include "experiments/sweep/say.hpp"

namespace unroll {

SignalWatch::SignalWatch(std::atomic<bool>& stop) {
  sigset_t watched;
  sigemptyset(&watched);
  sigaddset(&watched, SIGINT);
  sigaddset(&watched, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &watched, &before_);
  signals_ = Descriptor(::signalfd(-1, &watched, SFD_CLOEXEC));
  finish_ = Descriptor(::eventfd(0, EFD_CLOEXEC));
  thread_ = std::thread([this, &stop] { watch(stop); });
}

SignalWatch::~SignalWatch() {
  const std::uint64_t one = 1;
  write_all(finish_.get(), {reinterpret_cast<const char*>(&one), sizeof one});
  thread_.join();
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
