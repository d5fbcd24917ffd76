#include <algorithm>
#include <array>
#include <boost/math/tools/minima.hpp>
#include <cmath>
#include <numeric>

#include "experiments/tasks/series/baselines.hpp"

namespace unroll {
namespace {

/// Of level, trend and season; those that are not there are 0.
using Constants = std::array<double, 3>;

struct State {
  double level = 0, trend = 0;
  std::vector<double> season;  ///< by step in the season; of the next step first

  double next(std::size_t h) const {
    return level + static_cast<double>(h + 1) * trend + season[h % season.size()];
  }
};

class Smoothing final : public SimpleForecaster {
 public:
  Smoothing(Smoothed what, std::int64_t season, Constants constants)
      : what_(what), season_(what == Smoothed::season ? season : 1), constants_(constants) {}

  std::string name() const override {
    if (what_ == Smoothed::season) return "Holt-Winters";
    return what_ == Smoothed::trend ? "Holt's trend" : "exponential smoothing";
  }

  std::vector<double> path(std::span<const double> history, std::int64_t steps) const override {
    const State state = after(history, nullptr);
    std::vector<double> ahead;
    for (std::int64_t h = 0; h < steps; ++h) ahead.push_back(state.next(static_cast<std::size_t>(h)));
    return ahead;
  }

  double squared_errors(std::span<const double> history) const {
    double sum = 0;
    after(history, &sum);
    return sum;
  }

  Constants& constants() { return constants_; }

 private:
  State start(std::span<const double> x) const {
    State state{.season = std::vector<double>(static_cast<std::size_t>(season_), 0.0)};
    const auto m = static_cast<std::size_t>(season_);
    if (what_ == Smoothed::season && x.size() >= 2 * m) {
      const double first = std::accumulate(x.begin(), x.begin() + season_, 0.0) / static_cast<double>(m);
      const double second =
          std::accumulate(x.begin() + season_, x.begin() + 2 * season_, 0.0) / static_cast<double>(m);
      state.trend = (second - first) / static_cast<double>(m);
      // The level before the first step: the season's mean is that of its middle.
      state.level = first - state.trend * (static_cast<double>(m) + 1) / 2;
      for (std::size_t i = 0; i < m; ++i)
        state.season[i] = x[i] - (state.level + static_cast<double>(i + 1) * state.trend);
      return state;
    }
    state.trend = what_ == Smoothed::level || x.size() < 2 ? 0 : x[1] - x[0];
    state.level = x[0] - state.trend;
    return state;
  }

  State after(std::span<const double> x, double* squares) const {
    State state = start(x);
    const auto [alpha, beta, gamma] = constants_;
    std::size_t now = 0;  // of the season
    for (const double value : x) {
      const double before = state.level + state.trend, season = state.season[now];
      const double error = value - before - season;
      if (squares) *squares += error * error;
      // The form that corrects by errors (Hyndman & Athanasopoulos 2021, table 8.7), the same recursions.
      state.level = before + alpha * error;
      state.trend += beta * alpha * error;
      state.season[now] = season + gamma * (1 - alpha) * error;
      now = (now + 1) % state.season.size();
    }
    std::ranges::rotate(state.season, state.season.begin() + static_cast<std::ptrdiff_t>(now));
    return state;
  }

  Smoothed what_;
  std::int64_t season_;
  Constants constants_;
};

/// Brent's minimum along one constant after another, until none moves.
void fit(Smoothing& smoothing, std::span<const double> training, std::size_t count) {
  constexpr int most_rounds = 20, bits = 20;
  constexpr double least = 1e-4, most = 1 - 1e-4, still = 1e-4;
  for (int round = 0; round < most_rounds; ++round) {
    double moved = 0;
    for (std::size_t i = 0; i < count; ++i) {
      double& constant = smoothing.constants()[i];
      const double before = constant, error_before = smoothing.squared_errors(training);
      const auto [found, error] = boost::math::tools::brent_find_minima(
          [&](double x) {
            constant = x;
            return smoothing.squared_errors(training);
          },
          least, most, bits);
      constant = error < error_before ? found : before;
      moved = std::max(moved, std::abs(constant - before));
    }
    if (moved < still) return;
  }
}

}  // namespace

std::unique_ptr<SimpleForecaster> exponential_smoothing(std::span<const double> training, Smoothed what,
                                                        std::int64_t season) {
  const std::size_t count = what == Smoothed::level ? 1 : what == Smoothed::trend ? 2 : 3;
  Constants start = {0.3, 0.1, 0.1};
  std::fill(start.begin() + static_cast<std::ptrdiff_t>(count), start.end(), 0.0);
  auto smoothing = std::make_unique<Smoothing>(what, season, start);
  fit(*smoothing, training, count);
  return smoothing;
}

}  // namespace unroll
