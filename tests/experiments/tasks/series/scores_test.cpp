#include <doctest/doctest.h>

#include "experiments/tasks/series/backtest.hpp"
#include "tests/experiments/tasks/series/series_fixture.hpp"

using namespace unroll;
using namespace unroll::series_test;

namespace {

/// Forecasts that are off by so much, upwards.
Forecasts off_by(const PreparedSeries& series, const std::vector<std::int64_t>& origins, std::int64_t horizon,
                 double error) {
  Forecasts all{"model", {}};
  for (const std::int64_t origin : origins) {
    Forecast& one = all.all.emplace_back(Forecast{origin, {}});
    for (std::int64_t h = 1; h <= horizon; ++h)
      one.numbers.push_back(Predictive::of_normal(series.value(0, origin + h) + error, 1, false));
  }
  return all;
}

}  // namespace

TEST_CASE("[series] scores are those of their definitions") {
  const std::vector<double> x = waves(100);
  const PreparedSeries series =
      prepared(monthly(x), {{"task.season", std::int64_t{12}}, {"task.horizon", std::int64_t{2}}});
  const std::vector<std::int64_t> origins = series.origins(series.test(), 2);
  CHECK(origins.front() == 79);
  CHECK(origins.back() == 97);
  const Scores scores = scores_of(series, off_by(series, origins, 2, 1.5), 0);
  double naive = 0, relative = 0, mean = 0, count = 0, squares = 0;
  for (std::size_t t = 12; t < 60; ++t) naive += std::abs(x[t] - x[t - 12]) / 48;
  for (const std::int64_t origin : origins)
    for (std::int64_t h = 1; h <= 2; ++h) {
      const double y = x[static_cast<std::size_t>(origin + h)];
      relative += 200 * 1.5 / (y + y + 1.5);
      mean += y;
      squares += y * y;
      ++count;
    }
  CHECK(scores.rmse == doctest::Approx(1.5));
  CHECK(scores.mase == doctest::Approx(1.5 / naive));
  CHECK(scores.smape == doctest::Approx(relative / count));
  CHECK(scores.nrmse == doctest::Approx(1.5 / std::sqrt(squares / count - mean * mean / count / count)));
  CHECK(scores.crps == doctest::Approx(Predictive::of_normal(0, 1, false).crps(1.5)));
  REQUIRE(scores.coverage.size() == 3);
  CHECK(scores.coverage[0].share == 0);  // 1.5 deviations are outside of 50 and 80 %
  CHECK(scores.coverage[1].share == 0);
  CHECK(scores.coverage[2].share == 1);  // and within 95 %
  REQUIRE(scores.rmse_ahead.size() == 2);
  CHECK(scores.rmse_ahead[1] == doctest::Approx(1.5));
}

TEST_CASE("[series] the paired interval is Student's for one step, and wider where origins share outcomes") {
  Stream stream(2, Purpose::check);
  std::vector<double> a, b;
  for (int i = 0; i < 50; ++i) {
    a.push_back(stream.normal());
    b.push_back(stream.normal());
  }
  double mean = 0, variance = 0;
  for (std::size_t i = 0; i < 50; ++i) mean += (a[i] - b[i]) / 50;
  for (std::size_t i = 0; i < 50; ++i) variance += std::pow(a[i] - b[i] - mean, 2) / 49;
  const PairedLosses one = paired_losses(a, b, 1);
  CHECK(one.mean == doctest::Approx(mean));
  CHECK(one.high - one.mean == doctest::Approx(2.00957523712924 * std::sqrt(variance / 50)).epsilon(1e-9));
  std::vector<double> held, zero(50);  // the same difference five times in a row
  for (int i = 0; i < 50; ++i) held.push_back(a[static_cast<std::size_t>(i / 5)]);
  const PairedLosses naive = paired_losses(held, zero, 1), aware = paired_losses(held, zero, 5);
  CHECK(aware.high - aware.low > 1.4 * (naive.high - naive.low));
  CHECK(std::isnan(paired_losses({1, 2}, {0, 0}, 1).low));
  CHECK(std::isnan(paired_losses({1, 1, 1}, {0, 0, 0}, 1).low));
}

TEST_CASE("[series] the verdict says who wins, the baseline too, and whether chance does") {
  const PreparedSeries series = prepared(monthly(waves(200)), {});
  const Backtest backtest = baselines_of(series, 1);
  const auto said = [&](double error) {
    return verdict(compared(series, off_by(series, backtest.origins, 1, error), backtest, 0, 1).front());
  };
  CHECK(said(0.01).starts_with("The model wins on RMSE: 0.01"));
  CHECK(said(0.01).find("beyond chance") != std::string::npos);
  CHECK(said(50).starts_with("A baseline wins on RMSE: 50.00 of the model, "));
  CHECK(said(50).find("the best baseline, ") != std::string::npos);
  CHECK(said(50).find("beyond chance") != std::string::npos);
  const Comparison draw = {"MASE", "drift", 1.0, 0.99, {40, 0.01, -0.2, 0.3}};
  CHECK(verdict(draw) ==
        "A baseline wins on MASE: 1.000 of the model, 0.9900 of the best baseline, drift: 1.0 % more; paired "
        "over 40 "
        "origins the difference is within chance (95 % interval of the absolute error's difference: -0.2000 "
        "to 0.3000)");
  CHECK(verdict({"RMSE", "drift", std::nan(""), 2, {40, 0, 0, 0}}).find("its training diverged") !=
        std::string::npos);
}
