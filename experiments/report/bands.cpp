#include "experiments/report/bands.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include "experiments/report/statistics.hpp"

namespace unroll {
namespace {

/// Evenly spread indices below `n`, the first and the last one among them.
std::vector<std::size_t> thinned(std::size_t n, std::size_t points) {
  std::vector<std::size_t> out;
  if (n <= points || points < 2) {
    for (std::size_t i = 0; i < n; ++i) out.push_back(i);
    return out;
  }
  for (std::size_t i = 0; i < points; ++i) out.push_back(i * (n - 1) / (points - 1));
  return out;
}

void append(Band& band, double at, const std::vector<double>& values) {
  const Spread spread = spread_of(values);
  band.at.push_back(at);
  band.median.push_back(spread.median);
  band.low.push_back(spread.min);
  band.high.push_back(spread.max);
}

std::vector<const TrialRecord*> trained(const SweepCell& cell) {
  std::vector<const TrialRecord*> runs;
  for (const TrialRecord* run : cell.runs)
    if (run != nullptr && run->status != TrialStatus::failed && !run->curve.empty()) runs.push_back(run);
  return runs;
}

/// The run's latest validation loss at `update`; `update` is not before its first validation.
double loss_at(const TrialRecord& run, std::int64_t update) {
  if (run.status == TrialStatus::diverged && update > run.curve.back().update)
    return std::numeric_limits<double>::infinity();
  const auto after =
      std::upper_bound(run.curve.begin(), run.curve.end(), update,
                       [](std::int64_t u, const CurvePoint& point) { return u < point.update; });
  return std::prev(after)->validation_loss;
}

const GradientNorms* norms_at(const TrialRecord& run, Moment moment) {
  const auto& list = run.gradient_norms;
  if (moment == Moment::start) return list.empty() ? nullptr : &list.front();
  return list.size() < 2 ? nullptr : &list.back();
}

}  // namespace

Band loss_band(const SweepCell& cell, std::size_t points) {
  const std::vector<const TrialRecord*> runs = trained(cell);
  std::set<std::int64_t> places;
  for (const TrialRecord* run : runs)
    for (const CurvePoint& point : run->curve) places.insert(point.update);
  const std::vector<std::int64_t> updates(places.begin(), places.end());

  Band band;
  for (const std::size_t i : thinned(updates.size(), points)) {
    std::vector<double> losses;
    for (const TrialRecord* run : runs)
      if (run->curve.front().update <= updates[i]) losses.push_back(loss_at(*run, updates[i]));
    append(band, static_cast<double>(updates[i]), losses);
  }
  return band;
}

Band gradient_band(const SweepCell& cell, Moment moment, std::size_t points) {
  std::vector<const GradientNorms*> runs;
  std::size_t steps = 0;
  for (const TrialRecord* run : cell.runs) {
    const GradientNorms* norms = run == nullptr ? nullptr : norms_at(*run, moment);
    if (norms == nullptr) continue;
    runs.push_back(norms);
    steps = std::max(steps, norms->norms.size());
  }
  Band band;
  for (const std::size_t t : thinned(steps, points)) {
    std::vector<double> values;
    for (const GradientNorms* norms : runs)
      if (t < norms->norms.size()) values.push_back(norms->norms[t]);
    append(band, static_cast<double>(t + 1), values);
  }
  return band;
}

}  // namespace unroll
