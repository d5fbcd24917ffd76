#include "experiments/report/series_list.hpp"

#include <algorithm>
#include <array>

#include "experiments/report/axes.hpp"
#include "experiments/report/statistics.hpp"
#include "experiments/report/survival.hpp"

namespace unroll {
namespace {

/// More places than these are a line, not points, and no table.
constexpr std::size_t kFewPlaces = 12;

SeriesKind kind_of(const RecordedSeries& series) {
  if (series.held) return SeriesKind::curve;
  if (is_coordinate(series.axis)) return SeriesKind::plane;
  if (std::ranges::find(series.names, series.moment) != series.names.end()) return SeriesKind::profile;
  // However few: a sequence may be short.
  if (series.axis == "time step" || series.axis == "second" || series.x.size() > kFewPlaces)
    return SeriesKind::profile;
  return SeriesKind::points;
}

void note(std::vector<SeriesSummary>& list, const RecordedSeries& series) {
  auto found = std::ranges::find(list, series.name, &SeriesSummary::name);
  if (found == list.end()) {
    list.push_back(
        {series.name, series.axis, kind_of(series), series.descriptor, {}, series.names, series.over});
    found = std::prev(list.end());
  }
  if (found->names != series.names) found->names.clear();
  if (kind_of(series) == SeriesKind::profile) found->kind = SeriesKind::profile;
  if (std::ranges::find(found->moments, series.moment) == found->moments.end())
    found->moments.push_back(series.moment);
}

void choose_leader(std::vector<SeriesSummary>& list, SeriesSummary& first) {
  const auto alike = [&](const SeriesSummary& other) {
    return other.kind == first.kind && other.axis == first.axis;
  };
  if (std::ranges::any_of(list, [&](const SeriesSummary& other) { return alike(other) && other.leads; }))
    return;
  const auto best = std::ranges::find_if(list, [&](const SeriesSummary& other) {
    return alike(other) && other.kind == SeriesKind::points && other.descriptor.direction == "higher";
  });
  (best == list.end() ? first : *best).leads = true;
}

}  // namespace

bool is_coordinate(std::string_view axis) {
  return axis == "real part" || axis == "step of the music" || axis.ends_with("principal component");
}

std::string_view kind_name(SeriesKind kind) {
  constexpr std::array<std::string_view, 4> names{"curve", "points", "profile", "plane"};
  return names[static_cast<std::size_t>(kind)];
}

std::vector<SeriesSummary> series_list(const SweepPlan& plan, const std::vector<TrialRecord>& records) {
  std::vector<SeriesSummary> list;
  const std::vector<const TrialRecord*> runs = runs_of(plan, records);
  for (const TrialRecord* run : runs) {
    if (!has_result(run)) continue;
    for (const RecordedSeries& series : run->series) note(list, series);
  }
  add_survival(runs, list);
  for (SeriesSummary& one : list) choose_leader(list, one);
  return list;
}

}  // namespace unroll
