#include "experiments/sweep/thread_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace unroll {

namespace {

std::string counted(std::int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string limits_of(const MachineLimits& machine) {
  std::string text = fmt::format("affinity {}", machine.affinity);
  if (machine.cgroup_cpus) text += fmt::format(", cgroup quota {:.4g}", *machine.cgroup_cpus);
  if (machine.slurm_cpus) text += fmt::format(", SLURM_CPUS_PER_TASK {}", *machine.slurm_cpus);
  return text;
}

/// Into how many parts the batch of a trial is cut at most.
std::int64_t most_shards(const std::vector<Job>& jobs) {
  std::int64_t most = 1;
  for (const Job& job : jobs) most = std::max(most, job.trial->config.train.batch_shards);
  return most;
}

/// A thread without a trial helps those that run with their shards.
std::string threads_of_a_trial(std::int64_t threads, std::int64_t at_once, std::int64_t shards) {
  const std::int64_t most = std::min(threads, shards);
  if (most > 1)
    return fmt::format("on {}, of which a trial takes up to {} while they are free (train.batch_shards)",
                       counted(threads, "thread"), most);
  return threads > at_once ? fmt::format("1 thread each, of {}", threads) : "1 thread each";
}

}  // namespace

std::string thread_plan(const MachineLimits& machine, int asked, const std::vector<Job>& jobs) {
  const int cores = machine.usable_cores();
  const std::int64_t threads = asked > 0 ? asked : cores;
  const std::int64_t at_once = std::min(threads, static_cast<std::int64_t>(jobs.size()));
  const std::string known = fmt::format("may be used ({})", limits_of(machine));
  const std::string why = asked > 0 ? fmt::format("as jobs asks; {} {}", counted(cores, "core"), known)
                                    : fmt::format("for the {} that {}", counted(cores, "core"), known);
  return fmt::format("{} at once, {}, {}", counted(at_once, "trial"),
                     threads_of_a_trial(threads, at_once, most_shards(jobs)), why);
}

}  // namespace unroll
