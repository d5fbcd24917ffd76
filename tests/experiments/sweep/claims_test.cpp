#include "experiments/sweep/claims.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "experiments/sweep/units.hpp"
#include "tests/experiments/sweep/fake_sweep.hpp"

using namespace unroll;
using namespace unroll::test;

namespace {

constexpr std::chrono::milliseconds long_patience = std::chrono::hours(1);
/// Whatever was seen once stands still from the next look on.
constexpr std::chrono::milliseconds no_patience(0);

void let_time_pass() { std::this_thread::sleep_for(std::chrono::milliseconds(2)); }

void wait_for(const std::filesystem::path& file) {
  while (!std::filesystem::exists(file)) let_time_pass();
}

std::vector<std::string> files_of(const std::filesystem::path& folder, const std::string& prefix) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().filename().string().starts_with(prefix))
      names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

/// A worker of another machine, which says something when it is told to.
struct FarWorker {
  explicit FarWorker(const std::filesystem::path& in) : folder(in) { beat(); }
  void beat() {
    const auto path = folder / "worker-far.json";
    std::filesystem::remove(path);
    write_file(path, fmt::format(R"({{"host":"far","machine":"another","pid":1,"start":"1","beat":"{}"}})",
                                 ++beats));
  }
  void claim(const std::string& unit, int number) const {
    write_file(folder / fmt::format("claim-{}.{}", unit, number), "far");
  }

  std::filesystem::path folder;
  int beats = 0;
};

}  // namespace

TEST_CASE("[claims] one process wins a unit, and when it is released the next one can") {
  const TemporaryFolder folder;
  Claims a(folder.path(), long_patience), b(folder.path(), long_patience);
  CHECK(a.take("u"));
  CHECK_FALSE(b.take("u"));
  CHECK_FALSE(a.take("u"));  // nor twice
  CHECK(b.take("v"));
  a.release("u");
  CHECK(b.take("u"));
  CHECK(files_of(folder.path(), "claim-") == std::vector<std::string>{"claim-u.1", "claim-v.1"});
}

TEST_CASE("[claims] of many processes that want a unit at once exactly one wins") {
  const TemporaryFolder folder;
  for (int round = 0; round < 20; ++round) {
    const std::string unit = std::to_string(round);
    std::vector<pid_t> children;
    constexpr int processes = 6;
    for (int i = 0; i < processes; ++i) {
      const pid_t child = ::fork();
      if (child == 0) {
        Claims claims(folder.path(), long_patience);
        const bool won = claims.take(unit);
        const auto tried = [&](int n) { return folder.path() / fmt::format("tried-{}-{}", unit, n); };
        write_file(tried(i), "");
        for (int other = 0; other < processes; ++other) wait_for(tried(other));
        ::_exit(won);
      }
      children.push_back(child);
    }
    int winners = 0;
    for (const pid_t child : children) {
      int status = 0;
      ::waitpid(child, &status, 0);
      winners += WEXITSTATUS(status);
    }
    CHECK(winners == 1);
  }
}

TEST_CASE("[claims] what a killed process of this machine had is taken over at once, and it leaves nothing") {
  const TemporaryFolder folder;
  const pid_t child = ::fork();
  if (child == 0) {
    Claims claims(folder.path(), long_patience);
    claims.take("u");
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  REQUIRE(files_of(folder.path(), "claim-") == std::vector<std::string>{"claim-u.1"});
  Claims claims(folder.path(), long_patience);
  CHECK(claims.take("u"));
  CHECK(files_of(folder.path(), "worker-").size() == 1);
  claims.release("u");
  CHECK(files_of(folder.path(), "claim-").empty());
}

TEST_CASE(
    "[claims] a stopped process of this machine counts as alive until its heartbeat stood still for long") {
  const TemporaryFolder folder;
  const pid_t child = ::fork();
  if (child == 0) {
    Claims claims(folder.path(), long_patience, std::chrono::milliseconds(5));
    claims.take("u");
    write_file(folder.path() / "claimed", "");
    ::pause();
  }
  wait_for(folder.path() / "claimed");
  Claims patient(folder.path(), long_patience), hasty(folder.path(), no_patience);
  CHECK_FALSE(patient.take("u"));
  ::kill(child, SIGSTOP);
  ::waitpid(child, nullptr, WUNTRACED);
  CHECK_FALSE(hasty.take("u"));  // seen for the first time
  let_time_pass();
  CHECK_FALSE(patient.take("u"));
  CHECK(hasty.take("u"));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST_CASE("[claims] a worker of another machine lives as long as it says something new") {
  const TemporaryFolder folder;
  FarWorker far(folder.path());
  far.claim("u", 3);
  Claims claims(folder.path(), no_patience);
  for (int i = 0; i < 8; ++i) {
    CHECK_FALSE(claims.take("u"));
    let_time_pass();
    far.beat();
  }
  CHECK_FALSE(claims.take("u"));
  let_time_pass();
  CHECK(claims.take("u"));
  CHECK(files_of(folder.path(), "claim-") == std::vector<std::string>{"claim-u.3", "claim-u.4"});
  CHECK(claims.takeovers("u") == 3);
  claims.release("u");
  CHECK(files_of(folder.path(), "claim-").empty());
}

TEST_CASE("[claims] a claim that is just being written is nobody's to take, one that stays so is") {
  const TemporaryFolder folder;
  write_file(folder.path() / "claim-u.1", "");
  Claims claims(folder.path(), no_patience);
  CHECK_FALSE(claims.take("u"));
  let_time_pass();
  CHECK(claims.take("u"));
}

TEST_CASE("[claims] who comes back after a takeover does not release another's claim") {
  const TemporaryFolder folder;
  Claims paused(folder.path(), long_patience);
  CHECK(paused.take("u"));
  // As others see it: taken over, finished, released, and claimed anew by a third one.
  std::filesystem::remove(folder.path() / "claim-u.1");
  Claims third(folder.path(), long_patience);
  CHECK(third.take("u"));
  paused.release("u");
  CHECK(files_of(folder.path(), "claim-") == std::vector<std::string>{"claim-u.1"});
  Claims fourth(folder.path(), long_patience);
  CHECK_FALSE(fourth.take("u"));
}

TEST_CASE("[claims] a process that ends gives back what it has, and takes its own file away") {
  const TemporaryFolder folder;
  {
    Claims claims(folder.path(), long_patience);
    CHECK(claims.take("u"));
    CHECK(claims.take("v"));
  }
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("[claims] short trials share a unit, long ones have their own, and a plan that grows keeps both") {
  const TemporaryFolder folder;
  const auto units = [&](int seeds, double flops) {
    const SweepPlan plan = fake_plan(folder.path(), "[5]", seeds);
    const CostFunction cost = [flops](const Config&) { return TrialCost{1, flops}; };
    std::vector<Job> jobs;
    for (const Trial& trial : plan.trials) jobs.push_back({&trial, {1, flops}});
    std::vector<std::string> names;
    std::size_t trials = 0;
    for (const Unit& unit : units_of(plan, jobs, cost)) {
      names.push_back(unit.name);
      trials += unit.jobs.size();
    }
    CHECK(trials == plan.trials.size());
    return names;
  };
  CHECK(units(20, 1).size() == 20);  // few
  CHECK(units(640, 1e7).size() == 10);
  CHECK(units(640, 2e8).size() == 128);
  CHECK(units(640, 1e12).size() == 640);
  const auto before = units(640, 1e7), after = units(700, 1e7);
  CHECK(std::equal(before.begin(), before.end(), after.begin()));
}

TEST_CASE("[claims] a trial of the folder whose cost cannot be told any more stops nothing") {
  const TemporaryFolder folder;
  const SweepPlan plan = fake_plan(folder.path(), "[5]", 128);
  const CostFunction lost = [](const Config&) -> TrialCost {
    throw std::invalid_argument("its text is gone");
  };
  const std::vector<Job> last = {{&plan.trials.back(), {1, 1}}};
  const std::vector<Unit> units = units_of(plan, last, lost);
  REQUIRE(units.size() == 1);
  CHECK(units[0].jobs == std::vector<std::size_t>{0});
}
