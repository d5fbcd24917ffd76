#include "experiments/report/bands.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <ranges>
#include <utility>

#include "experiments/report/series_list.hpp"
#include "experiments/report/statistics.hpp"

namespace unroll {
namespace {

/// The series of one run, by place.
class Curve {
 public:
  Curve(const TrialRecord& run, const RecordedSeries& series)
      : held_(series.held), broken_off_(run.status == TrialStatus::diverged) {
    points_.reserve(series.x.size());
    for (std::size_t i = 0; i < series.x.size(); ++i)
      if (std::isfinite(series.x[i])) points_.emplace_back(series.x[i], series.y[i]);
    if (!std::ranges::is_sorted(points_, {}, &Point::first))
      std::ranges::stable_sort(points_, {}, &Point::first);
  }

  /// Adds its places to those that rise in `places`.
  void add_places(std::vector<double>& places) const {
    const auto here = std::views::transform(points_, &Point::first);
    if (std::ranges::equal(places, here)) return;  // as in most sweeps: every run looked at the same updates
    std::vector<double> all;
    std::ranges::merge(places, here, std::back_inserter(all));
    const auto twice = std::ranges::unique(all);
    all.erase(twice.begin(), twice.end());
    places = std::move(all);
  }

  std::optional<double> at(double place) const {
    const auto after = std::ranges::upper_bound(points_, place, {}, &Point::first);
    if (after == points_.begin()) return std::nullopt;
    const auto& [x, y] = *std::prev(after);
    if (x == place) return y;
    if (!held_) return std::nullopt;
    return after == points_.end() && broken_off_ ? std::numeric_limits<double>::quiet_NaN() : y;
  }

 private:
  using Point = std::pair<double, double>;

  std::vector<Point> points_;  ///< their places rise
  bool held_, broken_off_;     ///< broken off by divergence
};

void append(Band& band, double place, std::vector<double> values, bool more_is_better) {
  // What is not finite ranks above all others, which is the worst only where less is better.
  if (more_is_better)
    for (double& value : values) value = -value;
  const Middle middle = middle_of(values);
  band.at.push_back(place);
  band.median.push_back(more_is_better ? -middle.median : middle.median);
  band.low.push_back(more_is_better ? -middle.max : middle.min);
  band.high.push_back(more_is_better ? -middle.min : middle.max);
}

Band points_of(const RecordedSeries& series, std::size_t points) {
  Band band;
  for (std::size_t i = 0; i < std::min(series.x.size(), points); ++i) {
    band.at.push_back(series.x[i]);
    for (std::vector<double>* values : {&band.median, &band.low, &band.high}) values->push_back(series.y[i]);
  }
  return band;
}

}  // namespace

std::vector<std::size_t> spread_places(std::size_t count, std::size_t points) {
  const bool all = count <= points || points < 2;
  std::vector<std::size_t> indices(all ? count : points);
  for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = all ? i : i * (count - 1) / (points - 1);
  return indices;
}

Band band_of(const SweepCell& cell, std::string_view name, std::string_view moment, std::size_t points) {
  std::vector<Curve> curves;
  std::vector<double> places;
  bool more_is_better = false;
  for (const TrialRecord* run : cell.runs) {
    const RecordedSeries* series = has_result(run) ? run->find(name, moment) : nullptr;
    if (series == nullptr) continue;
    if (is_coordinate(series->axis)) return points_of(*series, points);
    more_is_better = series->descriptor.direction == "higher";
    curves.emplace_back(*run, *series).add_places(places);
  }
  Band band;
  for (const std::size_t index : spread_places(places.size(), points)) {
    const double place = places[index];
    std::vector<double> values;
    for (const Curve& curve : curves)
      if (const std::optional<double> value = curve.at(place)) values.push_back(*value);
    append(band, place, std::move(values), more_is_better);
  }
  return band;
}

}  // namespace unroll
