#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "experiments/records/record.hpp"
#include "experiments/report/axes.hpp"
#include "experiments/report/statistics.hpp"

namespace unroll {

/// A number that the trials of a cell have: what is plotted over the values of an axis.
struct CellNumber {
  std::string name;                                ///< its column in results.csv or timing.csv
  std::string title;                               ///< "success rate"
  FigureDescriptor descriptor = {};                ///< unit, direction, scale
  std::function<Middle(const SweepCell&)> middle;  ///< NaN where a cell has none
};

/// Five digits are more than a plot can show; null is a gap in it.
nlohmann::ordered_json plotted(double value);

/// The success rate with its Wilson interval, the updates until success, every scalar of the records in order
/// of first appearance but the trivial baselines, and the seconds of a trial: medians over the runs of a
/// cell, with the lowest and the highest run. What is not finite is worse than all others.
std::vector<CellNumber> cell_numbers(std::span<const SweepCell> cells);

/// The numbers of all cells as JSON: {"numbers": [{"name", "title", "unit", "logarithmic"}, ...], "cells":
/// [[[median, low, high], ...], ...]}; an empty list where a cell has none.
std::string numbers_block(std::span<const SweepCell> cells);

}  // namespace unroll
