#include "experiments/tasks/series/scores.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>

namespace unroll {
namespace {

constexpr double not_there = std::numeric_limits<double>::quiet_NaN();

/// Calls `use` with (forecast, step ahead from 0, predictive, outcome) of every value of a target that is
/// there.
template <class Use>
void for_each_outcome(const PreparedSeries& series, const Forecasts& forecasts, std::size_t target,
                      const Use& use) {
  const auto count = static_cast<std::size_t>(series.targets());
  for (std::size_t i = 0; i < forecasts.all.size(); ++i) {
    const Forecast& one = forecasts.all[i];
    for (std::size_t h = 0; h * count < one.numbers.size(); ++h) {
      const std::int64_t step = one.origin + 1 + static_cast<std::int64_t>(h);
      if (series.observed(target, step))
        use(i, h, one.numbers[h * count + target], series.value(target, step));
    }
  }
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double x : values) sum += x;
  return values.empty() ? not_there : sum / static_cast<double>(values.size());
}

/// Of the naive forecast of a season ahead, over training.
double naive_error(const PreparedSeries& series, std::size_t target) {
  const std::int64_t season = series.settings().season;
  std::vector<double> errors;
  for (std::int64_t t = season; t < series.training().count; ++t)
    if (series.observed(target, t) && series.observed(target, t - season))
      errors.push_back(std::abs(series.value(target, t) - series.value(target, t - season)));
  return mean_of(errors);
}

double deviation_of(const std::vector<double>& values) {
  const double mean = mean_of(values);
  double squares = 0;
  for (const double x : values) squares += (x - mean) * (x - mean);
  return std::sqrt(squares / static_cast<double>(values.size()));
}

/// The share of outcomes in an interval; the ends belong to it.
double coverage_of(const PreparedSeries& series, const Forecasts& forecasts, std::size_t target,
                   std::int64_t percent) {
  const double tail = static_cast<double>(100 - percent) / 200;
  std::vector<double> inside;
  for_each_outcome(series, forecasts, target, [&](std::size_t, std::size_t, const Predictive& one, double y) {
    inside.push_back(one.is_point() ? not_there : one.quantile(tail) <= y && y <= one.quantile(1 - tail));
  });
  return mean_of(inside);
}

}  // namespace

Scores scores_of(const PreparedSeries& series, const Forecasts& forecasts, std::size_t target) {
  std::vector<double> outcomes, squares, absolutes, relative, ranked;
  std::vector<std::vector<double>> squares_ahead;
  for_each_outcome(series, forecasts, target,
                   [&](std::size_t, std::size_t h, const Predictive& one, double y) {
                     const double x = one.point(), error = y - x, sizes = std::abs(y) + std::abs(x);
                     outcomes.push_back(y);
                     squares.push_back(error * error);
                     absolutes.push_back(std::abs(error));
                     relative.push_back(sizes > 0 ? 200 * std::abs(error) / sizes : 0);
                     ranked.push_back(one.crps(y));
                     squares_ahead.resize(std::max(squares_ahead.size(), h + 1));
                     squares_ahead[h].push_back(error * error);
                   });
  Scores scores{.rmse = std::sqrt(mean_of(squares)),
                .mase = mean_of(absolutes) / naive_error(series, target),
                .smape = mean_of(relative),
                .nrmse = std::sqrt(mean_of(squares)) / deviation_of(outcomes),
                .crps = mean_of(ranked),
                .coverage = {},
                .rmse_ahead = {}};
  for (const std::int64_t percent : series.settings().intervals)
    scores.coverage.push_back({percent, coverage_of(series, forecasts, target, percent)});
  for (const std::vector<double>& one : squares_ahead) scores.rmse_ahead.push_back(std::sqrt(mean_of(one)));
  return scores;
}

std::vector<double> losses_of(const PreparedSeries& series, const Forecasts& forecasts, std::size_t target,
                              Loss loss) {
  std::vector<std::vector<double>> by_origin(forecasts.all.size());
  for_each_outcome(series, forecasts, target,
                   [&](std::size_t i, std::size_t, const Predictive& one, double y) {
                     const double error = std::abs(y - one.point());
                     by_origin[i].push_back(loss == Loss::squared ? error * error : error);
                   });
  std::vector<double> all;
  for (const std::vector<double>& one : by_origin)
    if (!one.empty()) all.push_back(mean_of(one));
  return all;
}

PairedLosses paired_losses(const std::vector<double>& first, const std::vector<double>& second,
                           std::int64_t horizon) {
  std::vector<double> d;
  for (std::size_t i = 0; i < first.size(); ++i) d.push_back(first[i] - second[i]);
  const auto n = static_cast<double>(d.size());
  PairedLosses paired{d.size(), mean_of(d), not_there, not_there};
  if (d.size() < 3) return paired;
  const auto lags = std::min<std::size_t>(static_cast<std::size_t>(horizon - 1), d.size() - 2);
  double variance = 0;
  for (std::size_t lag = 0; lag <= lags; ++lag) {
    double covariance = 0;
    for (std::size_t i = lag; i < d.size(); ++i)
      covariance += (d[i] - paired.mean) * (d[i - lag] - paired.mean) / n;
    const double weight = 1 - static_cast<double>(lag) / static_cast<double>(lags + 1);
    variance += (lag == 0 ? 1 : 2 * weight) * covariance;
  }
  if (!(variance > 0)) return paired;
  const auto h = static_cast<double>(std::min<std::int64_t>(horizon, std::ssize(d)));
  const double factor = std::sqrt(std::max((n + 1 - 2 * h + h * (h - 1) / n) / n, 1 / n));
  const double t = boost::math::quantile(boost::math::students_t(n - 1), 0.975);
  const double half = t * std::sqrt(variance / n) / factor;
  paired.low = paired.mean - half;
  paired.high = paired.mean + half;
  return paired;
}

}  // namespace unroll
