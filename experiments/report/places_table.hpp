#pragma once

#include <string>
#include <vector>

#include "experiments/report/axes.hpp"
#include "experiments/report/series_list.hpp"

namespace unroll {

/// A series at its places, such as accuracy over length: a line that says what it is, then one row per cell
/// and one column per place, of medians over the runs.
std::string places_table(const std::vector<SweepAxis>& axes, const std::vector<SweepCell>& cells,
                         const SeriesSummary& series);

}  // namespace unroll
