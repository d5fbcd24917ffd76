#include "experiments/sweep/thread_plan.hpp"

#include <doctest/doctest.h>

#include "tests/support/laboratory.hpp"

using namespace unroll;

namespace {

std::string plan_of(const MachineLimits& machine, int asked, std::size_t trials, std::int64_t shards = 1) {
  Trial trial{"id", laboratory().unresolved_defaults()};
  trial.config.train.batch_shards = shards;
  return thread_plan(machine, asked, std::vector<Job>(trials, Job{&trial, {}}));
}

}  // namespace

TEST_CASE("[threads] the plan says how many trials train at once, and which limits there are") {
  MachineLimits machine;
  machine.affinity = 8;
  CHECK(plan_of(machine, 0, 100) ==
        "8 trials at once, 1 thread each, for the 8 cores that may be used (affinity 8)");
  machine.cgroup_cpus = 3.5;
  CHECK(plan_of(machine, 0, 100) ==
        "3 trials at once, 1 thread each, for the 3 cores that may be used (affinity 8, cgroup quota 3.5)");
  machine.slurm_cpus = 1;
  CHECK(plan_of(machine, 0, 100) ==
        "1 trial at once, 1 thread each, for the 1 core that may be used (affinity 8, cgroup quota 3.5, "
        "SLURM_CPUS_PER_TASK 1)");
  CHECK(plan_of(machine, 4, 100) ==
        "4 trials at once, 1 thread each, as jobs asks; 1 core may be used (affinity 8, cgroup quota 3.5, "
        "SLURM_CPUS_PER_TASK 1)");
}

TEST_CASE("[threads] threads beyond the trials are said, and what shards make of them") {
  MachineLimits machine;
  machine.affinity = 8;
  CHECK(plan_of(machine, 0, 2) ==
        "2 trials at once, 1 thread each, of 8, for the 8 cores that may be used (affinity 8)");
  CHECK(plan_of(machine, 0, 2, 4) ==
        "2 trials at once, on 8 threads, of which a trial takes up to 4 while they are free "
        "(train.batch_shards), for the 8 cores that may be used (affinity 8)");
  CHECK(plan_of(machine, 2, 1, 16) ==
        "1 trial at once, on 2 threads, of which a trial takes up to 2 while they are free "
        "(train.batch_shards), as jobs asks; 8 cores may be used (affinity 8)");
}
