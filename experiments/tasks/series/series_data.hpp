#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experiments/tasks/series/options.hpp"
#include "experiments/tasks/series/time_axis.hpp"

namespace unroll {

/// A column at the steps of a series; NaN where a value is missing.
struct SeriesColumn {
  std::string name;
  std::vector<double> values;
};

/// What a table holds of a series, in the unit of the file.
struct SeriesData {
  std::string file;
  TimeAxis axis;
  std::string axis_note;  ///< for people
  std::vector<SeriesColumn> targets, covariates, known;
  std::vector<std::string> left_out;  ///< columns that were not asked for
  std::int64_t length = 0;            ///< steps, those of columns known ahead among them
  std::int64_t history = 0;           ///< steps up to the last one at which a target has a value
  std::int64_t missing = 0;           ///< values of targets and covariates that the history lacks

  /// "2024-01", or "row 12".
  std::string place(std::int64_t step) const;
};

/// Reads the series in a table's bytes, gzip or not. Throws DataError naming the file and the line and column
/// in it, or the setting: for all that read_csv(), real_numbers() and read_time_axis() refuse, infinities, a
/// column that is not there or has two uses, no column of numbers or several without task.target, no value at
/// all, and numbers that are not above 0 under a log.
SeriesData read_series(const std::string& bytes, const std::string& file, const SeriesSettings& settings);

}  // namespace unroll
