#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experiments/tasks/series/time_axis.hpp"
#include "experiments/tasks/task_config.hpp"

namespace unroll {

namespace series_options {

// Settings of the task `series` that no other task has.
extern const OptionSpec time, dates, gaps, duplicates, covariates, known, calendar;
extern const OptionSpec transform, difference, season;
extern const OptionSpec context, strategy, distribution, intervals;

/// All of the task's, in the order of a file.
std::vector<OptionSpec> rows();

}  // namespace series_options

/// What a forecast says of a number.
enum class ForecastForm { gaussian, quantile, point };

/// The settings of the task, resolved.
struct SeriesSettings {
  InputFile data;
  std::vector<std::string> target, covariates, known, calendar;
  std::string time;
  TimeRules rules;
  bool log;
  std::vector<std::int64_t> difference;
  std::int64_t season;   ///< steps; 1: none
  std::int64_t context;  ///< steps that a forecast looks back on
  std::int64_t horizon;  ///< steps that are forecast
  bool recursive;        ///< one step at a time, each from those before it
  ForecastForm distribution;
  std::vector<std::int64_t> intervals;  ///< in percent, rising
  double validation, test;              ///< fractions

  /// Steps that the model answers at once.
  std::int64_t answered() const { return recursive ? 1 : horizon; }
  /// Steps that the differences look back.
  std::int64_t lag() const;
  /// Of the quantiles that a model learns: the ends of the intervals, and the median.
  std::vector<double> levels() const;
};

/// Throws DataError naming the setting for values that make no sense together.
SeriesSettings series_settings(const TaskConfig& config);

}  // namespace unroll
