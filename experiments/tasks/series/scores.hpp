#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experiments/tasks/series/forecasts.hpp"

namespace unroll {

/// How often a central interval holds the outcome.
struct Coverage {
  std::int64_t percent;  ///< that it should
  double share;          ///< that it does; NaN of numbers alone
};

/// What forecasts of one target are worth, over all origins and steps ahead at which it has a value. Errors
/// are those of medians.
struct Scores {
  double rmse;  ///< in the unit of the data
  double mase;  ///< mean absolute error over that of the seasonal naive one-season-ahead forecast in training
                ///< (Hyndman & Koehler 2006); without a season of persistence
  double smape;  ///< mean of 200 |error| / (|outcome| + |forecast|), in percent; 0 where both are 0
  double nrmse;  ///< rmse over the standard deviation of the outcomes
  double crps;   ///< Predictive::crps, mean, in the unit of the data
  std::vector<Coverage> coverage;  ///< of the intervals of task.intervals
  std::vector<double> rmse_ahead;  ///< by steps ahead
};
Scores scores_of(const PreparedSeries& series, const Forecasts& forecasts, std::size_t target);

/// A loss of each origin's forecast, the mean over its steps; origins at which no value is known are left
/// out.
enum class Loss { squared, absolute };
std::vector<double> losses_of(const PreparedSeries& series, const Forecasts& forecasts, std::size_t target,
                              Loss loss);

/// The paired difference of two forecasters' losses over the same origins, in time.
struct PairedLosses {
  std::size_t origins;
  double mean;       ///< of first - second
  double low, high;  ///< its 95 % interval; NaN for fewer than three origins, or where nothing differs
};

/// Diebold & Mariano 1995: forecasts of several steps from neighbouring origins share outcomes, so that
/// variances take in the covariances up to horizon - 1 origins apart (with Bartlett's weights, which keep
/// them above 0), and the interval is Student's t with the factor of Harvey, Leybourne & Newbold 1997.
PairedLosses paired_losses(const std::vector<double>& first, const std::vector<double>& second,
                           std::int64_t horizon);

}  // namespace unroll
