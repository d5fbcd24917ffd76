#include "experiments/sweep/signals.hpp"

#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <system_error>

#include "experiments/sweep/say.hpp"

namespace unroll {

namespace {

using Clock = std::chrono::steady_clock;

struct Watched {
  int signal;
  std::string_view name;
  bool insistent;  ///< a second one means: at once
};
constexpr std::array<Watched, 5> signals = {{{SIGINT, "SIGINT", true},
                                             {SIGTERM, "SIGTERM", true},
                                             {SIGHUP, "SIGHUP", false},
                                             {SIGUSR1, "SIGUSR1", false},
                                             {SIGXCPU, "SIGXCPU", false}}};

constexpr int exit_interrupted = 130, exit_stopped = 75;

/// timeout(1) sends its signal to the process and to the group that it is in.
constexpr std::chrono::milliseconds echo(100);
/// How long a process may go on after the first signal without memory, see has_memory().
constexpr int patience = 10;  // seconds

int status_of(int signal) { return signal == SIGINT ? exit_interrupted : exit_stopped; }

/// Runs in a thread that is older than the watch, such as those that OpenBLAS starts when it is loaded, and
/// does not block these signals: it will from now on, and the signal goes on to the watch.
void pass_on(int signal, siginfo_t*, void* context) {
  for (const Watched& one : signals) sigaddset(&static_cast<ucontext_t*>(context)->uc_sigmask, one.signal);
  ::kill(::getpid(), signal);
}

bool is_ignored(int signal) {
  struct sigaction action;
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

/// OpenBLAS asks for a buffer of this size again and again where the system refuses it, and never gives up.
bool has_memory() {
  constexpr std::size_t buffer = std::size_t{128} << 20;
  void* const at = ::mmap(nullptr, buffer, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) return false;
  ::munmap(at, buffer);
  return true;
}

}  // namespace

SignalWatch::SignalWatch(std::atomic<bool>& stop) {
  static_assert(signals.size() == most);
  sigemptyset(&watched_);
  for (const Watched& one : signals)
    if (one.signal != SIGHUP || !is_ignored(SIGHUP)) sigaddset(&watched_, one.signal);
  pthread_sigmask(SIG_BLOCK, &watched_, &before_);
  struct sigaction action = {};
  action.sa_sigaction = pass_on;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  action.sa_mask = watched_;
  for (std::size_t i = 0; i < most; ++i)
    if (sigismember(&watched_, signals[i].signal) == 1)
      ::sigaction(signals[i].signal, &action, &actions_before_[i]);
  try {
    thread_ = std::thread([this, &stop] { watch(stop); });
  } catch (const std::system_error&) {
    restore();
    throw;
  }
}

SignalWatch::~SignalWatch() {
  finished_ = true;
  pthread_kill(thread_.native_handle(), SIGUSR1);  // to that thread alone, which waits for it
  thread_.join();
  restore();
}

void SignalWatch::restore() {
  for (std::size_t i = 0; i < most; ++i)
    if (sigismember(&watched_, signals[i].signal) == 1)
      ::sigaction(signals[i].signal, &actions_before_[i], nullptr);
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

int SignalWatch::exit_status() const { return status_of(first_); }

std::string_view SignalWatch::name() const {
  const auto known = std::ranges::find(signals, first_.load(), &Watched::signal);
  return known == signals.end() ? "" : known->name;
}

void SignalWatch::watch(std::atomic<bool>& stop) {
  constexpr timespec second{1, 0};
  int last = 0, without_memory = 0;
  Clock::time_point when;
  while (!finished_) {
    const int signal =
        first_ == 0 ? ::sigwaitinfo(&watched_, nullptr) : ::sigtimedwait(&watched_, nullptr, &second);
    if (finished_) return;
    if (signal < 0) {  // a second went by, or a debugger looked in
      without_memory = first_ != 0 && !has_memory() ? without_memory + 1 : 0;
      if (without_memory < patience) continue;
      say("\nthere is no memory left for the update that is running: it would never end\n");
      ::_exit(status_of(first_));
    }
    const bool is_echo = signal == last && Clock::now() - when < echo;
    last = signal;
    when = Clock::now();
    if (!is_echo) take(signal, stop);
  }
}

void SignalWatch::take(int signal, std::atomic<bool>& stop) {
  if (first_ == 0) {
    first_ = signal;
    stop = true;
    say("\n{}: stopping after the updates that are running; once more stops at once\n", name());
    return;
  }
  if (std::ranges::find(signals, signal, &Watched::signal)->insistent) ::_exit(status_of(signal));
}

}  // namespace unroll
