#include "experiments/sweep/machine.hpp"

#include <doctest/doctest.h>
#include <sched.h>

#include <cstdlib>
#include <thread>

#include "tests/experiments/sweep/fake_sweep.hpp"

using namespace unroll;
using namespace unroll::test;

namespace {

void put(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  write_text(path, text);
}

}  // namespace

TEST_CASE("[machine] the smallest limit on cores counts, rounded down and at least 1") {
  MachineLimits limits;
  limits.affinity = 8;
  CHECK(limits.usable_cores() == 8);
  limits.cgroup_cpus = 3.9;
  CHECK(limits.usable_cores() == 3);
  limits.slurm_cpus = 2;
  CHECK(limits.usable_cores() == 2);
  limits.cgroup_cpus = 0.5;
  CHECK(limits.usable_cores() == 1);
}

TEST_CASE("[machine] quotas of control groups of version 2 are found on the way to the root") {
  const TemporaryFolder root;
  put(root.path() / "proc/self/cgroup", "0::/slice/job\n");
  put(root.path() / "proc/meminfo", "MemTotal:  99 kB\nMemAvailable:  2048 kB\n");
  put(root.path() / "sys/fs/cgroup/slice/job/cpu.max", "max 100000\n");
  put(root.path() / "sys/fs/cgroup/slice/cpu.max", "150000 100000\n");
  put(root.path() / "sys/fs/cgroup/slice/job/memory.max", "1000000\n");
  put(root.path() / "sys/fs/cgroup/slice/job/memory.current", "900000\n");
  put(root.path() / "sys/fs/cgroup/slice/job/memory.stat", "anon 5\ninactive_file 300000\n");
  put(root.path() / "sys/fs/cgroup/slice/memory.max", "max\n");
  put(root.path() / "sys/fs/cgroup/slice/memory.current", "950000\n");
  const MachineLimits limits = machine_limits(root.path());
  CHECK(limits.cgroup_cpus == 1.5);
  CHECK(limits.available_memory == 2048 * 1024);
  CHECK(limits.cgroup_free == 400000);
  CHECK(limits.usable_memory() == 400000);
}

TEST_CASE("[machine] quotas of control groups of version 1 are found, and -1 is none") {
  const TemporaryFolder root;
  put(root.path() / "proc/self/cgroup", "4:memory:/job\n3:cpu,cpuacct:/job\n0::/\n");
  put(root.path() / "sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "250000\n");
  put(root.path() / "sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "100000\n");
  put(root.path() / "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  put(root.path() / "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  put(root.path() / "sys/fs/cgroup/memory/job/memory.limit_in_bytes", "5000\n");
  put(root.path() / "sys/fs/cgroup/memory/job/memory.usage_in_bytes", "2000\n");
  const MachineLimits limits = machine_limits(root.path());
  CHECK(limits.cgroup_cpus == 2.5);
  CHECK(limits.cgroup_free == 3000);
  put(root.path() / "sys/fs/cgroup/memory/job/memory.limit_in_bytes", "9223372036854771712\n");
  CHECK_FALSE(machine_limits(root.path()).cgroup_free);
}

TEST_CASE("[machine] the affinity mask of the process counts") {
  cpu_set_t before;
  REQUIRE(sched_getaffinity(0, sizeof before, &before) == 0);
  int first = 0;
  while (!CPU_ISSET(first, &before)) ++first;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  REQUIRE(sched_setaffinity(0, sizeof one, &one) == 0);
  CHECK(machine_limits().usable_cores() == 1);
  REQUIRE(sched_setaffinity(0, sizeof before, &before) == 0);
  CHECK(machine_limits().affinity == CPU_COUNT(&before));
}

TEST_CASE("[machine] a scheduler's CPUs per task count when they are a positive number") {
  ::setenv("SLURM_CPUS_PER_TASK", "1", 1);
  CHECK(machine_limits().usable_cores() == 1);
  for (const char* nonsense : {"nonsense", "2x", "0", "-1", "", "99999999999"}) {
    CAPTURE(nonsense);
    ::setenv("SLURM_CPUS_PER_TASK", nonsense, 1);
    CHECK_FALSE(machine_limits().slurm_cpus);
  }
  ::unsetenv("SLURM_CPUS_PER_TASK");
}

TEST_CASE("[machine] bytes are written in the unit that fits") {
  CHECK(in_bytes(1000) == "1000 B");
  CHECK(in_bytes(1536) == "1.5 KiB");
  CHECK(in_bytes(3.0 * (1 << 30)) == "3.0 GiB");
}
