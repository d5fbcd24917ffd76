#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace unroll {

/// What this process may use of the machine. Nothing where the operating system sets no limit.
struct MachineLimits {
  int affinity = 1;                          ///< CPUs the scheduler may run this process on
  std::optional<double> cgroup_cpus;         ///< CPU quota of the control group
  std::optional<int> slurm_cpus;             ///< SLURM_CPUS_PER_TASK
  std::uint64_t available_memory = 0;        ///< bytes the system can give without swapping
  std::optional<std::uint64_t> cgroup_free;  ///< bytes left below the memory limit of the control group

  /// Threads that can run at once: the smallest of the limits, rounded down, at least 1.
  int usable_cores() const;
  /// Bytes that can be had: the smaller of the two.
  std::uint64_t usable_memory() const;
};

/// Reads `root`/proc and `root`/sys/fs/cgroup (versions 1 and 2), the affinity and the environment.
MachineLimits machine_limits(const std::filesystem::path& root = "/");

/// The name of this machine; "" where it has none.
std::string host_name();

/// "1.5 GiB".
std::string in_bytes(double bytes);

}  // namespace unroll
