#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "experiments/tasks/series/forecasts.hpp"
#include "experiments/tasks/series/prepared_series.hpp"

namespace unroll {

/// A forecaster of one target that every textbook has. What it fits it fits to the training part; what it
/// says at a step follows from the levels up to that step.
class SimpleForecaster {
 public:
  virtual ~SimpleForecaster() = default;

  virtual std::string name() const = 0;
  /// The next `steps` levels behind `history`, which is not empty.
  virtual std::vector<double> path(std::span<const double> history, std::int64_t steps) const = 0;
};

using SimpleForecasters = std::vector<std::unique_ptr<SimpleForecaster>>;

/// The last level, again and again.
std::unique_ptr<SimpleForecaster> persistence();
/// The level a season before, again and again.
std::unique_ptr<SimpleForecaster> seasonal_naive(std::int64_t season);
/// The line through the first level and the last one.
std::unique_ptr<SimpleForecaster> drift();
/// x_t = c + sum_i a_i x_(t - i), fitted by least squares; the order is the one up to `most` with the least
/// corrected Akaike criterion (Hurvich & Tsai 1989) on the same steps. Of several steps each goes on from
/// those before it.
std::unique_ptr<SimpleForecaster> autoregression(std::span<const double> training, std::int64_t most);
/// Level and, where there are, trend and season, smoothed exponentially (Brown; Holt; Holt & Winters,
/// additive); the smoothing constants make the squared errors of one step small over training. Starts as in
/// Hyndman & Athanasopoulos 2021, section 8: from the first values, or the first two seasons.
enum class Smoothed { level, trend, season };
std::unique_ptr<SimpleForecaster> exponential_smoothing(std::span<const double> training, Smoothed what,
                                                        std::int64_t season = 1);

/// Those that suit the length of a training part: seasonal ones where a season is there twice.
SimpleForecasters simple_forecasters(std::span<const double> training, std::int64_t season,
                                     std::int64_t context);

/// What they forecast from the origins, `horizon` steps each: their paths as means of normal distributions of
/// the level, whose deviation at each step ahead is that of their errors over the training part.
std::vector<Forecasts> baseline_forecasts(const PreparedSeries& series,
                                          const std::vector<std::int64_t>& origins, std::int64_t horizon);

}  // namespace unroll
