#include "experiments/sweep/units.hpp"

#include <algorithm>
#include <bit>
#include <exception>
#include <map>

namespace unroll {
namespace {

/// Below this many trials each is claimed by itself.
constexpr std::size_t few_trials = 64;
constexpr std::size_t most_in_a_unit = 64;
/// Floating-point operations of a unit that is worth its claim: some tenths of a second.
constexpr double worth_a_claim = 1e9;
constexpr std::size_t samples = 16;

/// Of a trial that need not be run any more, perhaps because its files are gone: then it counts as a long
/// one.
double flops_of(const Trial& trial, const CostFunction& cost) {
  try {
    return cost(trial.config).flops;
  } catch (const std::exception&) {
    return worth_a_claim;
  }
}

/// By the mean cost of trials that lie evenly in the plan. Of a plan that grows the sample stays until there
/// are twice as many.
std::size_t trials_in_a_unit(const SweepPlan& plan, const std::vector<Job>& jobs, const CostFunction& cost) {
  if (plan.trials.size() < few_trials) return 1;
  std::map<const Trial*, double> known;
  for (const Job& job : jobs) known[job.trial] = job.cost.flops;
  const std::size_t sampled = std::bit_floor(plan.trials.size());
  double sum = 0;
  for (std::size_t i = 0; i < samples; ++i) {
    const Trial& trial = plan.trials[i * sampled / samples];
    const auto job = known.find(&trial);
    sum += job != known.end() ? job->second : flops_of(trial, cost);
  }
  const double mean = std::max(sum / static_cast<double>(samples), 1.0);
  return std::clamp(static_cast<std::size_t>(worth_a_claim / mean), std::size_t{1}, most_in_a_unit);
}

}  // namespace

std::vector<Unit> units_of(const SweepPlan& plan, const std::vector<Job>& jobs, const CostFunction& cost) {
  const std::size_t size = trials_in_a_unit(plan, jobs, cost);
  std::map<const Trial*, std::size_t> place;
  for (std::size_t i = 0; i < plan.trials.size(); ++i) place[&plan.trials[i]] = i;
  std::map<std::size_t, std::size_t> known;  // the unit of each part of the plan
  std::vector<Unit> units;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const std::size_t first = place.at(jobs[i].trial) / size * size;
    const auto [at, is_new] = known.try_emplace(first, units.size());
    if (is_new) units.push_back({plan.trials[first].id, {}});
    units[at->second].jobs.push_back(i);
  }
  return units;
}

}  // namespace unroll
