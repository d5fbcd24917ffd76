#pragma once

#include <cstddef>
#include <span>

#include "experiments/report/bands.hpp"
#include "experiments/report/series_list.hpp"

namespace unroll {

/// The share of runs that are not solved yet, over updates: the survival curve of the time to success (Kaplan
/// & Meier 1958). A run that the search stopped, or that reached the end of training, is censored there; one
/// that diverged is never solved, and stays. At most `points` places.
Band survival_of(const SweepCell& cell, std::size_t points);

/// Whether it is that curve.
bool is_survival(const SeriesSummary& series);

/// As one more series, after those of the records; none where no run was a success.
void add_survival(std::span<const TrialRecord* const> runs, std::vector<SeriesSummary>& list);

}  // namespace unroll
