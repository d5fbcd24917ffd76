#include "experiments/sweep/calibration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <limits>
#include <mutex>
#include <numeric>
#include <queue>
#include <set>
#include <thread>

#include "framework/tensor/cpu.hpp"
#include "framework/tensor/gemm.hpp"

namespace unroll {
namespace {

constexpr std::size_t most_measured = 12;

double work_of(const CostedShape& shape) {
  return std::max(
      1.0, shape.cost.flops / static_cast<double>(std::max<std::int64_t>(shape.config.train.updates, 1)));
}

/// Trials of one family differ in sizes alone, over which time changes smoothly.
std::string family_of(const Config& config) {
  return fmt::format("{} {} {} {}", config.task.name, config.model.cell.text, config.model.activation,
                     config.train.optimizer);
}

/// Ends of equal parts of the work, sizes and families in order: every one that matters has one near.
std::set<std::size_t> representatives(const std::vector<CostedShape>& shapes) {
  std::vector<std::size_t> order(shapes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (shapes.size() <= most_measured) return {order.begin(), order.end()};
  std::ranges::sort(
      order, {}, [&](std::size_t i) { return std::pair(family_of(shapes[i].config), work_of(shapes[i])); });
  const auto work = [&](std::size_t i) { return shapes[i].cost.flops * shapes[i].trials; };
  double total = 0, sum = 0;
  for (const std::size_t i : order) total += work(i);
  std::set<std::size_t> chosen;
  std::size_t next = 0;
  for (const std::size_t i : order) {
    sum += work(i);
    if (sum < total * (static_cast<double>(next) + 0.5) / most_measured) continue;
    chosen.insert(i);
    while (next < most_measured && sum >= total * (static_cast<double>(next) + 0.5) / most_measured) ++next;
  }
  return chosen;
}

/// 0, 1, ..., n - 1 in an order of which every beginning is spread evenly: bits from back to front.
std::vector<std::size_t> spread(std::size_t n) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < std::bit_ceil(n); ++i) {
    std::size_t reversed = 0;
    for (std::size_t bit = 1, other = std::bit_ceil(n) / 2; other > 0; bit *= 2, other /= 2)
      if (i & bit) reversed |= other;
    if (reversed < n) order.push_back(reversed);
  }
  return order;
}

TrialTiming mean(const std::vector<TrialTiming>& timings) {
  TrialTiming sum;
  for (const TrialTiming& t : timings) {
    sum.once += t.once;
    sum.update += t.update;
    sum.validation += t.validation;
  }
  const auto n = static_cast<double>(timings.size());
  return {sum.once / n, sum.update / n, sum.validation / n};
}

TrialTiming scaled(const TrialTiming& t, double factor) {
  return {t.once * factor, t.update * factor, t.validation * factor};
}

}  // namespace

Calibration::Calibration(const Laboratory& laboratory, const std::vector<CostedShape>& shapes, int at_once,
                         double seconds) {
  const std::set<std::size_t> chosen = representatives(shapes);
  const std::vector<std::size_t> list(chosen.begin(), chosen.end());
  std::vector<std::vector<TrialTiming>> timings(list.size());
  const std::vector<std::size_t> order = spread(list.size());
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  std::mutex mutex;
  const auto measure = [&](std::size_t thread) {
    const FlushSubnormals flush;
    single_threaded_products();
    // Of large trials already the first updates take long: those that come later are told from the others.
    for (std::size_t n = 0; n < list.size() && (n == 0 || std::chrono::steady_clock::now() < end); ++n) {
      // Each thread begins elsewhere, so that different trials run beside each other as they will.
      const std::size_t i =
          order[(n + thread * list.size() / static_cast<std::size_t>(at_once)) % list.size()];
      try {
        const TrialTiming timing =
            time_trial(laboratory, shapes[list[i]].config, seconds / static_cast<double>(list.size()));
        const std::lock_guard lock(mutex);
        timings[i].push_back(timing);
      } catch (const std::exception&) {  // the sweep will say why, in that trial's record
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < at_once; ++t) threads.emplace_back(measure, static_cast<std::size_t>(t));
  }
  for (std::size_t i = 0; i < list.size(); ++i)
    if (!timings[i].empty())
      measured_.push_back({family_of(shapes[list[i]].config), work_of(shapes[list[i]]), mean(timings[i])});
}

/// Between two measured trials of the family by the powers of work that join them; else as the nearest one.
double Calibration::seconds_of(const CostedShape& shape) const {
  const double work = work_of(shape);
  const std::string family = family_of(shape.config);
  const Measured* below = nullptr;
  const Measured* above = nullptr;
  const Measured* nearest = nullptr;
  double distance = std::numeric_limits<double>::infinity();
  for (const Measured& m : measured_) {
    const double to = std::abs(std::log(m.work / work)) + (m.family == family ? 0 : 100);
    if (to < distance) distance = to, nearest = &m;
    if (m.family != family) continue;
    if (m.work <= work && (!below || m.work > below->work)) below = &m;
    if (m.work >= work && (!above || m.work < above->work)) above = &m;
  }
  if (!nearest) return std::numeric_limits<double>::quiet_NaN();
  if (!below || !above || below->work == above->work)
    return unroll::seconds_of(scaled(nearest->timing, work / nearest->work), shape.config.train);
  const double share = std::log(work / below->work) / std::log(above->work / below->work);
  const double low = unroll::seconds_of(below->timing, shape.config.train);
  const double high = unroll::seconds_of(above->timing, shape.config.train);
  return low * std::pow(high / low, share);
}

double makespan(std::vector<double> seconds, int at_once) {
  std::ranges::sort(seconds, std::greater{});
  std::priority_queue<double, std::vector<double>, std::greater<>> busy_until;
  for (int i = 0; i < at_once; ++i) busy_until.push(0);
  double last = 0;
  for (const double s : seconds) {
    const double end = busy_until.top() + s;
    busy_until.pop();
    busy_until.push(end);
    last = std::max(last, end);
  }
  return last;
}

}  // namespace unroll
