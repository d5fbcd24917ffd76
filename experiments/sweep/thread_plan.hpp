#pragma once

#include <string>
#include <vector>

#include "experiments/sweep/machine.hpp"
#include "experiments/sweep/schedule.hpp"

namespace unroll {

/// One line on how many of `jobs` train at once, on how many threads, and why: `asked` is what --jobs or the
/// config's `jobs` says, 0 where the machine does. "2 trials at once, 1 thread each, for the 2 cores that may
/// be used (affinity 8, cgroup quota 3.5, SLURM_CPUS_PER_TASK 2)".
std::string thread_plan(const MachineLimits& machine, int asked, const std::vector<Job>& jobs);

}  // namespace unroll
