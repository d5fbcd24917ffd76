#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>

#include "experiments/report/csv.hpp"
#include "experiments/sweep/runner.hpp"
#include "experiments/sweep/signals.hpp"
#include "tests/experiments/sweep/fake_sweep.hpp"
#include "tests/support/laboratory.hpp"

// Sweeps in processes of their own: several on one folder, killed ones, and one on a full disk.

using namespace unroll;
using namespace unroll::test;

namespace {

std::string csv_of(const SweepResult& result) { return results_csv(result.plan, result.records); }

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
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
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

TEST_CASE("[sweep] the first signal raises the stop flag, the second ends the process with 130") {
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(STDERR_FILENO);
    std::atomic<bool> stop = false;
    const SignalWatch watch(stop);
    ::kill(::getpid(), SIGTERM);
    for (int i = 0; i < 2000 && !stop; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (!stop) ::_exit(1);
    ::kill(::getpid(), SIGINT);
    std::this_thread::sleep_for(std::chrono::seconds(5));
    ::_exit(2);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 130);
}
