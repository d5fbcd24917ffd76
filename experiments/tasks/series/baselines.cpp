#include "experiments/tasks/series/baselines.hpp"

#include <algorithm>
#include <cmath>

namespace unroll {
namespace {

class Persistence final : public SimpleForecaster {
 public:
  std::string name() const override { return "persistence"; }
  std::vector<double> path(std::span<const double> history, std::int64_t steps) const override {
    return std::vector<double>(static_cast<std::size_t>(steps), history.back());
  }
};

class SeasonalNaive final : public SimpleForecaster {
 public:
  explicit SeasonalNaive(std::int64_t season) : season_(season) {}

  std::string name() const override { return "seasonal naive"; }
  std::vector<double> path(std::span<const double> history, std::int64_t steps) const override {
    const std::int64_t period = std::min(season_, std::ssize(history));
    const std::span<const double> last = history.last(static_cast<std::size_t>(period));
    std::vector<double> ahead;
    for (std::int64_t h = 0; h < steps; ++h) ahead.push_back(last[static_cast<std::size_t>(h % period)]);
    return ahead;
  }

 private:
  std::int64_t season_;
};

class Drift final : public SimpleForecaster {
 public:
  std::string name() const override { return "drift"; }
  std::vector<double> path(std::span<const double> history, std::int64_t steps) const override {
    const double slope =
        history.size() < 2 ? 0 : (history.back() - history.front()) / static_cast<double>(history.size() - 1);
    std::vector<double> ahead;
    for (std::int64_t h = 1; h <= steps; ++h)
      ahead.push_back(history.back() + slope * static_cast<double>(h));
    return ahead;
  }
};

/// Root mean squares of a forecaster's errors over a training part, by steps ahead: of what it says once it
/// has seen a tenth of it.
std::vector<double> deviations(const SimpleForecaster& forecaster, std::span<const double> training,
                               std::int64_t horizon) {
  const std::int64_t n = std::ssize(training);
  std::vector<double> squares(static_cast<std::size_t>(horizon)), counts(squares.size());
  for (std::int64_t t = n / 10; t + 1 < n; ++t) {
    const std::int64_t steps = std::min(horizon, n - 1 - t);
    const std::vector<double> ahead = forecaster.path(training.first(static_cast<std::size_t>(t + 1)), steps);
    for (std::size_t h = 0; h < ahead.size(); ++h) {
      const double error = training[static_cast<std::size_t>(t + 1) + h] - ahead[h];
      squares[h] += error * error;
      counts[h] += 1;
    }
  }
  for (std::size_t h = 0; h < squares.size(); ++h)
    squares[h] = std::sqrt(squares[h] / std::max(counts[h], 1.0));
  return squares;
}

/// One target's part of its forecasts.
void add_target(const PreparedSeries& series, std::size_t target, const SimpleForecaster& forecaster,
                std::int64_t horizon, Forecasts& forecasts) {
  const std::span<const double> levels = series.levels()[target];
  const std::vector<double> deviation =
      deviations(forecaster, levels.first(static_cast<std::size_t>(series.training().count)), horizon);
  for (Forecast& one : forecasts.all) {
    const std::vector<double> ahead =
        forecaster.path(levels.first(static_cast<std::size_t>(one.origin + 1)), horizon);
    for (std::size_t h = 0; h < ahead.size(); ++h)
      one.numbers[h * static_cast<std::size_t>(series.targets()) + target] =
          Predictive::of_normal(ahead[h], deviation[h], series.settings().log);
  }
}

}  // namespace

std::unique_ptr<SimpleForecaster> persistence() { return std::make_unique<Persistence>(); }
std::unique_ptr<SimpleForecaster> seasonal_naive(std::int64_t season) {
  return std::make_unique<SeasonalNaive>(season);
}
std::unique_ptr<SimpleForecaster> drift() { return std::make_unique<Drift>(); }

SimpleForecasters simple_forecasters(std::span<const double> training, std::int64_t season,
                                     std::int64_t context) {
  const std::int64_t n = std::ssize(training);
  const bool seasonal = season > 1 && 2 * season < n;
  SimpleForecasters all;
  all.push_back(persistence());
  if (season > 1) all.push_back(seasonal_naive(season));
  all.push_back(drift());
  all.push_back(autoregression(training, std::max<std::int64_t>(1, std::min(context, n / 4))));
  all.push_back(exponential_smoothing(training, Smoothed::level));
  all.push_back(exponential_smoothing(training, Smoothed::trend));
  if (seasonal) all.push_back(exponential_smoothing(training, Smoothed::season, season));
  return all;
}

std::vector<Forecasts> baseline_forecasts(const PreparedSeries& series,
                                          const std::vector<std::int64_t>& origins, std::int64_t horizon) {
  std::vector<Forecasts> all;
  for (std::size_t target = 0; target < series.data().targets.size(); ++target) {
    const auto training = std::span<const double>(series.levels()[target])
                              .first(static_cast<std::size_t>(series.training().count));
    const SimpleForecasters forecasters =
        simple_forecasters(training, series.settings().season, series.settings().context);
    for (std::size_t i = 0; i < forecasters.size(); ++i) {
      if (target == 0) {
        Forecasts& fresh = all.emplace_back(Forecasts{forecasters[i]->name(), {}});
        for (const std::int64_t origin : origins)
          fresh.all.push_back(
              {origin, std::vector<Predictive>(static_cast<std::size_t>(horizon * series.targets()))});
      }
      add_target(series, target, *forecasters[i], horizon, all[i]);
    }
  }
  return all;
}

}  // namespace unroll
