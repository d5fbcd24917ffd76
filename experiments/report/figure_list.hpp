#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "experiments/report/axes.hpp"
#include "experiments/report/series_list.hpp"

namespace unroll {

enum class FigureKind {
  heat_map,  ///< the success rate of every cell
  numbers,   ///< a number of each cell over the values of an axis
  series     ///< series of the records as lines
};

/// "heat map", "numbers" or "series".
std::string_view kind_name(FigureKind kind);

/// One section of the report with plots, and one figure of `unroll plot`.
struct Figure {
  std::string id;     ///< "success", "learning", "points-length": what is asked for by
  std::string title;  ///< "Learning curves"
  FigureKind kind;
  std::vector<std::size_t> series;  ///< those that it can show, as places in the list of series
};

/// What there is to plot of a sweep, in the order of the report: how often it succeeds, numbers over what was
/// swept, series over training, the survival of time to success, and for each other axis of the records those
/// at a few places, at many and in a plane. `list` is that of series_list().
std::vector<Figure> figure_list(const std::vector<SweepAxis>& axes, std::span<const SweepCell> cells,
                                const std::vector<SeriesSummary>& list);

}  // namespace unroll
