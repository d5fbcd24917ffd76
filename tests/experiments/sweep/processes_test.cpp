#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>
#include <functional>

#include "experiments/sweep/runner.hpp"
#include "experiments/sweep/signals.hpp"
#include "tests/experiments/sweep/fake_sweep.hpp"
#include "tests/support/laboratory.hpp"
#include "tests/support/skipped.hpp"

// Sweeps in processes of their own: several on one folder, killed ones, and one on a full disk.

using namespace unroll;
using namespace unroll::test;

namespace {

/// A process that exits with 0 where `good` gives true, 2 where it gives false and 3 where it throws.
template <class Good>
pid_t forked(const Good& good) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  try {
    ::_exit(good() ? 0 : 2);
  } catch (...) {
    ::_exit(3);
  }
}

int status_of(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

template <class Good>
std::vector<int> statuses_of(int processes, const Good& good) {
  std::vector<pid_t> children;
  for (int i = 0; i < processes; ++i) children.push_back(forked(good));
  std::vector<int> statuses;
  for (const pid_t child : children) statuses.push_back(status_of(child));
  return statuses;
}

}  // namespace

TEST_CASE(
    "[sweep] a disk that is full ends the sweep with the file and the reason, and keeps finished trials") {
  const TemporaryFolder folder;
  const auto out = folder.path() / "out";
  const SweepPlan plan = fake_plan(folder.path());
  write_plan(laboratory(), out, plan, false, "");
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{3000, 3000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const auto result = run_quietly(plan, out, 1);
    const bool clear = result.error.find("journal-") != std::string::npos &&
                       result.error.find("File too large") != std::string::npos && !result.interrupted;
    ::_exit(clear && result.missing > 0 ? static_cast<int>(result.records.size()) : 100);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  const int kept = WEXITSTATUS(status);
  CHECK(kept >= 1);
  CHECK(kept < 12);
  JournalReader reader(out);
  reader.refresh();
  CHECK(reader.records().size() == static_cast<std::size_t>(kept));
  CHECK(run_quietly(plan, out).missing == 0);
}

TEST_CASE(
    "[sweep] a process killed at any moment loses no finished trial, and the results are the same bytes") {
  const TemporaryFolder folder;
  const SweepPlan plan = fake_plan(folder.path());
  const std::string whole = csv_of(run_quietly(plan, folder.path() / "whole"));
  for (int attempt = 0; attempt < 20; ++attempt) {
    const auto out = folder.path() / ("out-" + std::to_string(attempt));
    const pid_t child = ::fork();
    if (child == 0) {
      run_quietly(plan, out, 1, slow_trial);
      ::_exit(0);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1 + 3 * attempt));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    JournalReader before(out);
    before.refresh();
    std::atomic<std::size_t> runs = 0;
    const auto result = run_quietly(plan, out, 2, [&](const Config& config, const TrialHooks&) {
      ++runs;
      return fake_record(config);
    });
    CHECK(runs == plan.trials.size() - before.records().size());
    CHECK(csv_of(result) == whole);
  }
}

TEST_CASE("[sweep] four processes on one folder share its trials, and their records agree") {
  const TemporaryFolder folder;
  const SweepPlan plan = fake_plan(folder.path(), "[20]", 48);
  const auto out = folder.path() / "out";
  const auto trained = folder.path() / "trained";  // one byte for each training that any process does
  const auto counted = [&](const Config& config, const TrialHooks& hooks) {
    const Descriptor file(::open(trained.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    write_all(file.get(), ".");
    return slow_trial(config, hooks);
  };
  constexpr int processes = 4;
  const auto all = [&] { return run_quietly(plan, out, 1, counted).missing == 0; };
  for (const int status : statuses_of(processes, all)) CHECK(status == 0);
  CHECK(read_file(trained).size() == plan.trials.size());  // each once
  CHECK(journals_in(out).size() >= 2);                     // no process did it all
  const auto result = run_quietly(plan, out);
  CHECK(csv_of(result) == csv_of(run_quietly(plan, folder.path() / "alone")));
}

TEST_CASE(
    "[sweep] of eight processes three are killed: the others finish all, and only what was lost twice") {
  const TemporaryFolder folder;
  const SweepPlan plan = fake_plan(folder.path(), "[20]", 200);
  const auto out = folder.path() / "out";
  const auto trained = folder.path() / "trained";
  const auto counted = [&](const Config& config, const TrialHooks& hooks) {
    const Descriptor file(::open(trained.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    write_all(file.get(), ".");
    return slow_trial(config, hooks);
  };
  constexpr std::size_t killed = 3;
  std::vector<pid_t> children;
  for (int i = 0; i < 8; ++i)
    children.push_back(forked([&] { return run_quietly(plan, out, 1, counted).missing == 0; }));
  const auto are_in_the_middle = [&] {
    return std::filesystem::exists(trained) && read_file(trained).size() > 40;
  };
  for (int i = 0; i < 60'000 && !are_in_the_middle(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  for (std::size_t i = 0; i < killed; ++i) ::kill(children[i], SIGKILL);
  for (std::size_t i = 0; i < children.size(); ++i) {
    const int status = status_of(children[i]);
    CHECK((status == 0 || (i < killed && status == 128 + SIGKILL)));
  }
  const std::size_t trainings = read_file(trained).size();
  CHECK(trainings >= plan.trials.size());
  CHECK(trainings <= plan.trials.size() + killed);
  const SweepResult result = run_quietly(plan, out);
  CHECK(csv_of(result) == csv_of(run_quietly(plan, folder.path() / "alone")));
  for (const auto& entry : std::filesystem::directory_iterator(out)) {
    const std::string name = entry.path().filename().string();
    CHECK_MESSAGE((!name.starts_with("claim-") && !name.starts_with("worker-")), name);
  }
}

TEST_CASE("[sweep] processes that keep different configs in one folder lose none of each other's rows") {
  const TemporaryFolder folder;
  const auto out = folder.path() / "out";
  constexpr int processes = 6;
  std::vector<SweepPlan> plans;
  for (int i = 0; i < processes; ++i)
    plans.push_back(fake_plan(folder.path(), "[" + std::to_string(5 + i) + "]", 2));
  const auto extend = [&](int index) {
    QuietOptions quiet(out, 1);
    quiet.options.extend = true;
    std::atomic<bool> stop = false;
    const auto result = run_sweep(laboratory(), plans[static_cast<std::size_t>(index)], quiet.options,
                                  slow_trial, fake_cost, stop);
    return result.records.size() >= 2;
  };
  std::vector<pid_t> children;
  for (int i = 0; i < processes; ++i) children.push_back(forked([&] { return extend(i); }));
  for (const pid_t child : children) CHECK(status_of(child) == 0);
  const SweepPlan plan = read_plan(laboratory(), out);
  CHECK(plan.trials.size() == 2 * processes);
  CHECK(plan.axis_keys == std::vector<std::string>{"seed", "task.length"});
  JournalReader journals(out);
  journals.refresh();
  CHECK(sweep_state(plan, journals).done == 2 * processes);
  for (int i = 2; i <= processes; ++i)
    CHECK(std::filesystem::exists(out / ("sweep-" + std::to_string(i) + ".toml")));
}

namespace {

/// What a process with a watch does: `act` gets its stop flag.
template <class Act>
int status_under_watch(const Act& act) {
  const pid_t child = ::fork();
  if (child != 0) return status_of(child);
  ::close(STDERR_FILENO);
  std::atomic<bool> stop = false;
  const SignalWatch watch(stop);
  ::_exit(act(stop, watch));
}

bool soon(const std::atomic<bool>& stop) {
  for (int i = 0; i < 2000 && !stop; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return stop;
}

void pause_for(int milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); }

}  // namespace

TEST_CASE("[sweep] each signal that asks a process to end raises the stop flag, and says how it ends") {
  for (const auto& [signal, status] : std::vector<std::pair<int, int>>{
           {SIGINT, 130}, {SIGTERM, 75}, {SIGHUP, 75}, {SIGUSR1, 75}, {SIGXCPU, 75}}) {
    INFO(signal);
    CHECK(status == status_under_watch([&, number = signal](const auto& stop, const SignalWatch& watch) {
            ::kill(::getpid(), number);
            return soon(stop) ? watch.exit_status() : 1;
          }));
  }
}

TEST_CASE("[sweep] the second signal ends the process at once, unless it comes twice by itself") {
  struct Pair {
    int first, second, status;
    const char* what;
  };
  for (const Pair& pair : {Pair{SIGTERM, SIGINT, 130, "Ctrl-C"}, Pair{SIGINT, SIGTERM, 75, "SIGTERM"},
                           Pair{SIGUSR1, SIGTERM, 75, "SIGTERM after a warning"},
                           Pair{SIGHUP, SIGHUP, 3, "a terminal that is gone"},
                           Pair{SIGXCPU, SIGXCPU, 3, "every second beyond a limit"},
                           Pair{SIGTERM, SIGTERM, 3, "at the same moment, as timeout does"}}) {
    INFO(pair.what);
    CHECK(pair.status == status_under_watch([&](const auto& stop, const SignalWatch&) {
            ::kill(::getpid(), pair.first);
            if (!soon(stop)) return 1;
            ::kill(::getpid(), pair.second);
            pause_for(pair.status == 3 ? 300 : 5000);
            return 3;
          }));
  }
  CHECK(130 == status_under_watch([&](const auto& stop, const SignalWatch&) {
          ::kill(::getpid(), SIGINT);
          if (!soon(stop)) return 1;
          pause_for(200);
          ::kill(::getpid(), SIGINT);
          pause_for(5000);
          return 3;
        }));
}

TEST_CASE("[sweep] a process that was told to outlive its terminal does") {
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGHUP, SIG_IGN);  // as nohup does
    std::atomic<bool> stop = false;
    const SignalWatch watch(stop);
    ::kill(::getpid(), SIGHUP);
    pause_for(300);
    ::_exit(stop ? 1 : 0);
  }
  CHECK(status_of(child) == 0);
}

TEST_CASE("[sweep] without a file descriptor left signals are seen all the same, and the end is reached") {
#ifdef __SANITIZE_ADDRESS__
  // Its companion for undefined behaviour looks at the types of objects through a pipe.
  return say_skipped("the sanitizers need files");
#endif
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(STDERR_FILENO);
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_NOFILE, &none);
    ::alarm(10);
    std::atomic<bool> stop = false;
    {
      const SignalWatch watch(stop);
      ::kill(::getpid(), SIGTERM);
      if (!soon(stop)) ::_exit(1);
    }
    { const SignalWatch unused(stop); }
    ::_exit(0);
  }
  CHECK(status_of(child) == 0);
}

TEST_CASE("[sweep] a watch leaves the process as it was") {
  const pid_t child = ::fork();
  if (child == 0) {
    std::atomic<bool> stop = false;
    { const SignalWatch watch(stop); }
    ::kill(::getpid(), SIGUSR1);
    pause_for(5000);
    ::_exit(1);
  }
  CHECK(status_of(child) == 128 + SIGUSR1);
}

TEST_CASE("[sweep] a folder that is deleted, moved or replaced while trials run is not made anew") {
  const auto deleted = [](const auto& out) { std::filesystem::remove_all(out); };
  const auto moved = [](const auto& out) { std::filesystem::rename(out, out.string() + "-elsewhere"); };
  const auto replaced = [&](const auto& out) {
    moved(out);
    std::filesystem::create_directories(out);
  };
  const auto emptied = [](const auto& out) {
    for (const auto& entry : std::filesystem::directory_iterator(out))
      std::filesystem::remove_all(entry.path());
  };
  const std::vector<std::function<void(const std::filesystem::path&)>> changes = {deleted, moved, replaced,
                                                                                  emptied};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    INFO("change ", i);
    const TemporaryFolder folder;
    const auto out = folder.path() / "out";
    int ran = 0;
    const auto run = [&](const Config& config, const TrialHooks&) {
      if (++ran == 3) changes[i](out);
      return fake_record(config);
    };
    CHECK_THROWS_WITH_AS(run_quietly(fake_plan(folder.path()), out, 1, run),
                         doctest::Contains("was deleted, moved or replaced"), SweepRefused);
    CHECK(ran == 3);
    if (i == 0) CHECK_FALSE(std::filesystem::exists(out));
    if (i < 3) CHECK_FALSE(std::filesystem::exists(out / "plan.jsonl"));
  }
}

TEST_CASE("[sweep] what processes left that were killed while they wrote goes when the folder is opened") {
  const TemporaryFolder folder;
  const auto out = folder.path() / "out";
  const SweepPlan plan = fake_plan(folder.path());
  run_quietly(plan, out);
  write_text(out / ".plan.jsonl.0123456789abcdef", "half a pl");
  std::filesystem::create_directories(out / "trials" / "t");
  write_text(out / "trials" / "t" / ".model.safetensors.0123456789abcdef", "half a mo");
  run_quietly(plan, out);
  CHECK_FALSE(std::filesystem::exists(out / ".plan.jsonl.0123456789abcdef"));
  CHECK_FALSE(std::filesystem::exists(out / "trials" / "t" / ".model.safetensors.0123456789abcdef"));
}
