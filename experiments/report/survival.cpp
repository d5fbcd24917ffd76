#include "experiments/report/survival.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <vector>

#include "experiments/report/statistics.hpp"

namespace unroll {
namespace {

constexpr const char* kName = "share not solved yet";

/// What happens at one update.
struct Events {
  std::size_t solved = 0, censored = 0;
};

/// Until when a run that was no success is known not to be one.
double end_of(const TrialRecord& run) {
  return run.status == TrialStatus::diverged ? std::numeric_limits<double>::infinity()
                                             : static_cast<double>(run.updates);
}

void append(Band& band, double update, double share) {
  band.at.push_back(update);
  for (std::vector<double>* values : {&band.median, &band.low, &band.high}) values->push_back(share);
}

Band thinned(const Band& band, std::size_t points) {
  Band thin;
  for (const std::size_t i : spread_places(band.at.size(), points)) append(thin, band.at[i], band.median[i]);
  return thin;
}

}  // namespace

Band survival_of(const SweepCell& cell, std::size_t points) {
  std::map<double, Events> events;
  std::size_t at_risk = 0;
  double last = 0;
  for (const TrialRecord* run : cell.runs) {
    if (!has_result(run)) continue;
    ++at_risk;
    last = std::max(last, static_cast<double>(run->updates));
    if (run->solved_at)
      ++events[static_cast<double>(*run->solved_at)].solved;
    else
      ++events[end_of(*run)].censored;
  }
  Band band;
  if (at_risk == 0) return band;
  double share = 1;
  append(band, 0, share);
  for (const auto& [update, here] : events) {
    if (update > last) break;  // of those that diverged
    // A step down, not a slope: the share before stands at the same place.
    if (here.solved > 0 && update > 0) append(band, update, share);
    share *= 1 - static_cast<double>(here.solved) / static_cast<double>(at_risk);
    at_risk -= here.solved + here.censored;
    if (here.solved > 0) append(band, update, share);
  }
  if (band.at.back() < last) append(band, last, share);
  return thinned(band, points);
}

bool is_survival(const SeriesSummary& series) { return series.name == kName; }

void add_survival(std::span<const TrialRecord* const> runs, std::vector<SeriesSummary>& list) {
  if (std::ranges::none_of(runs, [](const TrialRecord* run) { return has_result(run) && run->solved_at; }))
    return;
  list.push_back({.name = kName,
                  .axis = "update",
                  .kind = SeriesKind::curve,
                  .descriptor = {.unit = "share of runs", .direction = "lower"},
                  .moments = {""},
                  .band = [](const SweepCell& cell, std::string_view, std::size_t points) {
                    return survival_of(cell, points);
                  }});
}

}  // namespace unroll
