#include "experiments/sweep/schedule.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/experiments/sweep/fake_sweep.hpp"

using namespace unroll;
using namespace unroll::test;

namespace {

std::vector<const Trial*> all_of(const SweepPlan& plan) {
  std::vector<const Trial*> trials;
  for (const Trial& trial : plan.trials) trials.push_back(&trial);
  return trials;
}

}  // namespace

TEST_CASE("[schedule] the longest trials come first, each exactly once, whatever the shuffle") {
  const TemporaryFolder folder;
  const SweepPlan plan = fake_plan(folder.path());
  for (std::uint64_t shuffle = 0; shuffle < 20; ++shuffle) {
    const auto jobs = schedule(plan, all_of(plan), fake_cost, shuffle);
    REQUIRE(jobs.size() == plan.trials.size());
    CHECK(
        std::ranges::is_sorted(jobs, std::ranges::greater{}, [](const Job& job) { return job.cost.flops; }));
    auto trials = all_of(plan);
    std::erase_if(trials,
                  [&](const Trial* trial) { return std::ranges::count(jobs, trial, &Job::trial) == 1; });
    CHECK(trials.empty());
  }
}

TEST_CASE("[schedule] trials that differ by the seed only are costed once") {
  const TemporaryFolder folder;
  const SweepPlan plan = fake_plan(folder.path(), "[5, 10, 20]", 7);
  int calls = 0;
  schedule(
      plan, all_of(plan), [&](const Config& config) { return ++calls, fake_cost(config); }, 1);
  CHECK(calls == 3);
}

TEST_CASE("[schedule] a trial whose cost cannot be told is named") {
  const TemporaryFolder folder;
  const SweepPlan plan = fake_plan(folder.path());
  const auto broken = [](const Config& config) -> TrialCost {
    if (config.task.length == 10) throw std::invalid_argument("no such model");
    return {1, 1};
  };
  CHECK_THROWS_WITH_AS(schedule(plan, all_of(plan), broken, 1), doctest::Contains("task.length=10"),
                       SweepRefused);
}

TEST_CASE("[schedule] memory is refused when the largest trial does not fit, with the bytes") {
  const TemporaryFolder folder;
  const SweepPlan plan = fake_plan(folder.path());
  const auto by_length = [](const Config& config) -> TrialCost {
    return {static_cast<std::size_t>(config.task.length.most) * 1000, 1};
  };
  const auto jobs = schedule(plan, all_of(plan), by_length, 1);
  CHECK_NOTHROW(check_memory(plan, jobs, 20000));
  CHECK_THROWS_WITH_AS(check_memory(plan, jobs, 19999), doctest::Contains("20000 bytes"), SweepRefused);
  CHECK_THROWS_WITH_AS(check_memory(plan, jobs, 19999), doctest::Contains("19999 bytes"), SweepRefused);
  CHECK_THROWS_WITH_AS(check_memory(plan, jobs, 19999), doctest::Contains("task.length=20"), SweepRefused);
  CHECK_NOTHROW(check_memory(plan, {}, 0));
}
