#include "experiments/sweep/machine.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <sstream>
#include <string_view>

namespace unroll {

int MachineLimits::usable_cores() const {
  int cores = affinity;
  if (cgroup_cpus) cores = std::min(cores, static_cast<int>(std::floor(*cgroup_cpus)));
  if (slurm_cpus) cores = std::min(cores, *slurm_cpus);
  return std::max(cores, 1);
}

std::uint64_t MachineLimits::usable_memory() const {
  return std::min(available_memory, cgroup_free.value_or(std::numeric_limits<std::uint64_t>::max()));
}

namespace {

/// The number a one-line file starts with; nothing for a missing file or "max".
std::optional<double> number_in(const std::filesystem::path& path) {
  double value = 0;
  if (std::ifstream(path) >> value) return value;
  return std::nullopt;
}

template <class T>
void tighten(std::optional<T>& limit, std::optional<T> other) {
  if (other) limit = limit ? std::min(*limit, *other) : other;
}

/// A control group and its ancestors: a limit of any of them holds.
template <class Visit>
void upwards(const std::filesystem::path& mount, std::filesystem::path group, Visit visit) {
  for (group = group.relative_path();; group = group.parent_path()) {
    visit(mount / group);
    if (group.empty()) return;
  }
}

std::optional<double> ratio(std::optional<double> quota, std::optional<double> period) {
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return *quota / *period;
}

std::optional<std::uint64_t> room(std::optional<double> limit, std::optional<double> used) {
  // Version 1 writes no limit as the largest number of bytes in whole pages.
  constexpr double no_limit = 4e18;
  if (!limit || !used || *limit > no_limit) return std::nullopt;
  return static_cast<std::uint64_t>(std::max(0.0, *limit - *used));
}

/// cpu.max holds "quota period"; a quota of "max" is none.
std::optional<double> cpu_max(const std::filesystem::path& path) {
  std::ifstream file(path);
  double quota = 0;
  double period = 0;
  if (file >> quota >> period) return ratio(quota, period);
  return std::nullopt;
}

/// Page cache counts as used in a control group, but is given back when it is needed.
double reclaimable(const std::filesystem::path& memory_stat, std::string_view key) {
  std::ifstream file(memory_stat);
  std::string name;
  for (double value = 0; file >> name >> value;) {
    if (name == key) return value;
  }
  return 0;
}

std::optional<std::uint64_t> group_room(const std::filesystem::path& group, const char* limit,
                                        const char* used, std::string_view cache) {
  auto in_use = number_in(group / used);
  if (in_use) *in_use -= reclaimable(group / "memory.stat", cache);
  return room(number_in(group / limit), in_use);
}

void take_version_2(MachineLimits& limits, const std::filesystem::path& mount, const std::string& group) {
  upwards(mount, group, [&](const std::filesystem::path& at) {
    tighten(limits.cgroup_cpus, cpu_max(at / "cpu.max"));
    tighten(limits.cgroup_free, group_room(at, "memory.max", "memory.current", "inactive_file"));
  });
}

void take_version_1(MachineLimits& limits, const std::filesystem::path& mount, const std::string& controllers,
                    const std::string& group) {
  const std::string list = "," + controllers + ",";
  if (list.find(",cpu,") != std::string::npos) {
    upwards(mount / "cpu", group, [&](const std::filesystem::path& at) {
      tighten(limits.cgroup_cpus,
              ratio(number_in(at / "cpu.cfs_quota_us"), number_in(at / "cpu.cfs_period_us")));
    });
  }
  if (list.find(",memory,") != std::string::npos) {
    upwards(mount / "memory", group, [&](const std::filesystem::path& at) {
      tighten(limits.cgroup_free,
              group_room(at, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"));
    });
  }
}

/// /proc/self/cgroup has lines "number:controllers:group"; version 2 has no controllers.
void take_control_groups(MachineLimits& limits, const std::filesystem::path& root) {
  const auto mount = root / "sys/fs/cgroup";
  std::ifstream file(root / "proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    std::istringstream parts(line);
    std::string number, controllers, group;
    std::getline(parts, number, ':');
    std::getline(parts, controllers, ':');
    std::getline(parts, group);
    if (controllers.empty()) {
      take_version_2(limits, mount, group);
    } else {
      take_version_1(limits, mount, controllers, group);
    }
  }
}

std::uint64_t available_memory(const std::filesystem::path& root) {
  std::ifstream file(root / "proc/meminfo");
  std::string key;
  for (std::string line; std::getline(file, line);) {
    std::uint64_t kibibytes = 0;
    if (std::istringstream(line) >> key >> kibibytes && key == "MemAvailable:") return kibibytes * 1024;
  }
  return std::numeric_limits<std::uint64_t>::max();
}

int affinity_count() {
  // Larger than the usual set of 1,024, for machines with more CPUs.
  constexpr int most = 1 << 15;
  cpu_set_t* set = CPU_ALLOC(most);
  const std::size_t bytes = CPU_ALLOC_SIZE(most);
  const int count = sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 1;
  CPU_FREE(set);
  return count;
}

/// Nothing where it is no whole positive number.
std::optional<int> slurm_cpus() {
  const char* const variable = std::getenv("SLURM_CPUS_PER_TASK");
  if (variable == nullptr) return std::nullopt;
  const std::string_view text = variable;
  int count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && count > 0 ? std::optional(count) : std::nullopt;
}

}  // namespace

MachineLimits machine_limits(const std::filesystem::path& root) {
  MachineLimits limits;
  limits.affinity = affinity_count();
  limits.slurm_cpus = slurm_cpus();
  limits.available_memory = available_memory(root);
  take_control_groups(limits, root);
  return limits;
}

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

std::string in_bytes(double bytes) {
  constexpr const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < std::size(units); ++unit) bytes /= 1024;
  return fmt::format("{:.{}f} {}", bytes, unit == 0 ? 0 : 1, units[unit]);
}

}  // namespace unroll
