#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "experiments/records/record.hpp"
#include "experiments/report/bands.hpp"
#include "experiments/sweep/plan.hpp"

namespace unroll {

enum class SeriesKind {
  curve,    ///< held: over the updates of training
  points,   ///< at a few places that somebody chose, such as lengths
  profile,  ///< over all time steps, or anything else with many places
  plane     ///< points whose x is a coordinate as well: eigenvalues, trajectories
};

/// "curve", "points", "profile" or "plane".
std::string_view kind_name(SeriesKind kind);

/// Whether what lies along this axis is no place where other runs have a value, too: a coordinate.
bool is_coordinate(std::string_view axis);

/// What the series of one name have in common in all records of a sweep.
struct SeriesSummary {
  std::string name, axis;
  SeriesKind kind;
  FigureDescriptor descriptor;       ///< of the first one
  std::vector<std::string> moments;  ///< in order of first appearance
  /// Of places, where they are no numbers and all runs have the same.
  std::vector<std::string> names = {};
  std::string over = {};  ///< the name of the picture that it is drawn over
  /// Whether it stands for those of its kind and axis where there is room for one: among points the first of
  /// which more is better (an accuracy says more at a glance than a loss), otherwise the first.
  bool leads = false;
  /// What is drawn of one cell at a moment, at most so many places; null: the records' own series of that
  /// name, with their median and range.
  Band (*band)(const SweepCell&, std::string_view moment, std::size_t points) = nullptr;

  Band band_at(const SweepCell& cell, std::string_view moment, std::size_t points) const {
    return band ? band(cell, moment, points) : band_of(cell, name, moment, points);
  }
};

/// By name, in order of first appearance over the plan. Failed trials have none.
std::vector<SeriesSummary> series_list(const SweepPlan& plan, const std::vector<TrialRecord>& records);

}  // namespace unroll
