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

void check_memory(const SweepPlan& plan, const std::vector<Job>& jobs, int at_once, std::uint64_t available) {
  if (jobs.empty()) return;
  std::vector<const Job*> largest;
  for (const Job& job : jobs) largest.push_back(&job);
  std::ranges::sort(largest, std::ranges::greater{}, [](const Job* job) { return job->cost.bytes; });
  largest.resize(std::min(largest.size(), static_cast<std::size_t>(at_once)));
  double needed = 0;
  for (const Job* job : largest) needed += static_cast<double>(job->cost.bytes);
  if (needed <= static_cast<double>(available)) return;
  const Job& first = *largest.front();
  throw SweepRefused(fmt::format(
      "not enough memory: {} trial{} at once need {:.0f} bytes ({}), but {} bytes ({}) are available.\n"
      "The largest is {}: {} bytes. Lower model.hidden, train.batch or task.length, set train.max_memory{}.",
      largest.size(), largest.size() == 1 ? "" : "s", needed, in_bytes(needed), available,
      in_bytes(static_cast<double>(available)), describe(plan, *first.trial), first.cost.bytes,
      largest.size() == 1 ? "" : ", or run fewer at once with --jobs"));
}

}  // namespace unroll
