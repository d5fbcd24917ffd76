#include "experiments/report/bands.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <set>

#include "experiments/report/statistics.hpp"

namespace unroll {
namespace {

/// Evenly spread ones of `places`, the first and the last among them.
std::vector<double> thinned(const std::set<double>& places, std::size_t points) {
  const std::vector<double> all(places.begin(), places.end());
  if (all.size() <= points || points < 2) return all;
  std::vector<double> out;
  for (std::size_t i = 0; i < points; ++i) out.push_back(all[i * (all.size() - 1) / (points - 1)]);
  return out;
}

/// The series of one run, by place.
struct Curve {
  std::vector<std::pair<double, double>> points;
  bool held;
  bool broken_off;  ///< by divergence

  Curve(const TrialRecord& run, const RecordedSeries& series)
      : held(series.held), broken_off(run.status == TrialStatus::diverged) {
    for (std::size_t i = 0; i < series.x.size(); ++i)
      if (std::isfinite(series.x[i])) points.emplace_back(series.x[i], series.y[i]);
    std::ranges::stable_sort(points, {}, &std::pair<double, double>::first);
  }

  std::optional<double> at(double place) const {
    const auto after = std::ranges::upper_bound(points, place, {}, &std::pair<double, double>::first);
    if (after == points.begin()) return std::nullopt;
    const auto& [x, y] = *std::prev(after);
    if (x == place) return y;
    if (!held) return std::nullopt;
    return after == points.end() && broken_off ? std::numeric_limits<double>::quiet_NaN() : y;
  }
};

void append(Band& band, double place, std::vector<double> values, bool more_is_better) {
  // Spreads rank what is not finite above all others, which is the worst only where less is better.
  if (more_is_better)
    for (double& value : values) value = -value;
  const Spread spread = spread_of(values);
  band.at.push_back(place);
  band.median.push_back(more_is_better ? -spread.median : spread.median);
  band.low.push_back(more_is_better ? -spread.max : spread.min);
  band.high.push_back(more_is_better ? -spread.min : spread.max);
}

}  // namespace

Band band_of(const SweepCell& cell, std::string_view name, std::string_view moment, std::size_t points) {
  std::vector<Curve> curves;
  std::set<double> places;
  bool more_is_better = false;
  for (const TrialRecord* run : cell.runs) {
    const RecordedSeries* series = has_result(run) ? run->find(name, moment) : nullptr;
    if (series == nullptr) continue;
    more_is_better = series->descriptor.direction == "higher";
    const Curve& curve = curves.emplace_back(*run, *series);
    for (const auto& [x, y] : curve.points) places.insert(x);
  }
  Band band;
  for (const double place : thinned(places, points)) {
    std::vector<double> values;
    for (const Curve& curve : curves)
      if (const std::optional<double> value = curve.at(place)) values.push_back(*value);
    append(band, place, std::move(values), more_is_better);
  }
  return band;
}

}  // namespace unroll
