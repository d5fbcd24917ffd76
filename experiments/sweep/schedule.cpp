#include "experiments/sweep/schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>

#include "experiments/sweep/folder.hpp"
#include "experiments/sweep/machine.hpp"

namespace unroll {

namespace {

TrialCost cost_of(const SweepPlan& plan, const Trial& trial, const CostFunction& cost) {
  try {
    return cost(trial.config);
  } catch (const std::exception& error) {
    throw SweepRefused(fmt::format("{}: {}", describe(plan, trial), error.what()));
  }
}

}  // namespace

std::vector<Job> schedule(const SweepPlan& plan, const std::vector<const Trial*>& trials,
                          const CostFunction& cost, std::uint64_t shuffle) {
  std::map<std::map<std::string, std::string>, TrialCost> known;
  std::vector<Job> jobs;
  for (const Trial* trial : trials) {
    auto axes = trial->axes;
    axes.erase("seed");
    auto found = known.find(axes);
    if (found == known.end()) found = known.emplace(axes, cost_of(plan, *trial, cost)).first;
    jobs.push_back({trial, found->second});
  }
  std::mt19937_64 generator(shuffle);
  std::shuffle(jobs.begin(), jobs.end(), generator);
  std::stable_sort(jobs.begin(), jobs.end(),
                   [](const Job& a, const Job& b) { return a.cost.flops > b.cost.flops; });
  return jobs;
}

void check_memory(const SweepPlan& plan, const std::vector<Job>& jobs, std::uint64_t available) {
  const auto largest = std::ranges::max_element(jobs, {}, [](const Job& job) { return job.cost.bytes; });
  if (largest == jobs.end() || largest->cost.bytes <= available) return;
  const auto needed = largest->cost.bytes;
  throw SweepRefused(
      fmt::format("not enough memory: {} needs {} bytes ({}), but {} bytes ({}) are available.\n"
                  "Lower model.hidden, train.batch or task.length, or set train.max_memory.",
                  describe(plan, *largest->trial), needed, in_bytes(static_cast<double>(needed)), available,
                  in_bytes(static_cast<double>(available))));
}

}  // namespace unroll
