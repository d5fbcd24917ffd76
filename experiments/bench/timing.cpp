#include "experiments/bench/timing.hpp"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>

#include "experiments/report/statistics.hpp"
#include "framework/tensor/cpu.hpp"

namespace unroll {

namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

/// CPU time of the whole process. On an idle machine it is what a clock on the wall shows; on a busy one it
/// leaves out the time that other programs had, and a rival's threads beside its own count in full.
double process_cpu_seconds() {
  timespec now;
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

constexpr int most_runs = 10'000;

struct Entry {
  const Contestant* contestant;
  int runs = 1;
  std::vector<double> samples = {};
  std::string problem = {};

  /// Does `what`; a contestant that throws is out.
  template <class Action>
  void attempt(Action what) {
    if (!problem.empty()) return;
    try {
      what();
    } catch (const std::exception& error) {
      problem = error.what();
    }
  }

  void warm_up(double sample_seconds) {
    attempt([&] {
      contestant->seconds(1);
      const double once = std::max(contestant->seconds(1), 1e-9);
      runs = static_cast<int>(std::clamp(std::ceil(sample_seconds / once), 1.0, double{most_runs}));
    });
  }

  void sample() {
    attempt([&] { samples.push_back(contestant->seconds(runs) / runs); });
  }

  Measured result() const {
    if (!problem.empty()) return {contestant->key, {}, problem};
    return {contestant->key, timing_of(samples), ""};
  }
};

}  // namespace

Timing timing_of(std::vector<double> seconds) {
  std::ranges::sort(seconds);
  return {quantile(seconds, 0.5), quantile(seconds, 0.25), quantile(seconds, 0.75), seconds.size()};
}

Contestant timed(std::string key, std::function<void()> run) {
  return {std::move(key), [run = std::move(run)](int runs) {
            const double begin = process_cpu_seconds();
            for (int i = 0; i < runs; ++i) run();
            return process_cpu_seconds() - begin;
          }};
}

std::vector<Measured> contest(const std::vector<Contestant>& contestants, const Effort& effort) {
  const FlushSubnormals flush;
  std::vector<Entry> entries;
  for (const Contestant& contestant : contestants) entries.push_back({&contestant});
  for (Entry& entry : entries) entry.warm_up(effort.sample_seconds);
  const auto begin = Clock::now();
  for (int round = 0; round < effort.least_rounds || since(begin) < effort.seconds; ++round)
    for (Entry& entry : entries) entry.sample();
  std::vector<Measured> results;
  for (const Entry& entry : entries) results.push_back(entry.result());
  return results;
}

}  // namespace unroll
