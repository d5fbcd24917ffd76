#include <doctest/doctest.h>

#include "experiments/tasks/series/baselines.hpp"
#include "experiments/tasks/series/least_squares.hpp"
#include "tests/experiments/tasks/series/series_fixture.hpp"

using namespace unroll;
using namespace unroll::series_test;

namespace {

std::vector<double> autoregressive(int steps, double noise) {
  Stream stream(5, Purpose::check);
  std::vector<double> x = {1, 2};
  for (int t = 2; t < steps; ++t)
    x.push_back(0.5 + 1.2 * x[x.size() - 1] - 0.5 * x[x.size() - 2] + noise * stream.normal());
  return x;
}

}  // namespace

TEST_CASE("[series] the plain baselines say what they are called") {
  const std::vector<double> x = {1, 4, 2, 8, 5, 7};
  CHECK(persistence()->path(x, 2) == std::vector<double>{7, 7});
  CHECK(seasonal_naive(3)->path(x, 4) == std::vector<double>{8, 5, 7, 8});
  const std::vector<double> line = drift()->path(x, 2);
  CHECK(line[0] == doctest::Approx(7 + 6.0 / 5));
  CHECK(line[1] == doctest::Approx(7 + 2 * 6.0 / 5));
}

TEST_CASE("[series] least squares leave residuals at right angles to every column") {
  Stream stream(1, Purpose::check);
  Tensor<double> a({40, 3}), y({40});
  for (double& x : a.span()) x = stream.normal();
  for (double& x : y.span()) x = stream.normal();
  const std::vector<double> x = least_squares(a, y, 0);
  for (std::int64_t c = 0; c < 3; ++c) {
    double product = 0;
    for (std::int64_t row = 0; row < 40; ++row) {
      double residual = y[row];
      for (std::int64_t k = 0; k < 3; ++k) residual -= a[row * 3 + k] * x[static_cast<std::size_t>(k)];
      product += residual * a[row * 3 + c];
    }
    CHECK(std::abs(product) < 1e-10);
  }
  Tensor<double> twice({40, 2});  // columns that are the same
  for (std::int64_t row = 0; row < 40; ++row) twice[2 * row] = twice[2 * row + 1] = a[3 * row];
  for (const double one : least_squares(twice, y, 1e-6)) CHECK(std::isfinite(one));
}

TEST_CASE("[series] a linear autoregression finds the one that made a series, and its order") {
  const std::vector<double> x = autoregressive(2000, 0.3);
  const auto forecaster = autoregression(x, 8);
  // The criterion may take an order too many; none too few.
  CHECK(forecaster->name() != "autoregression (1)");
  const std::vector<double> ahead = forecaster->path(x, 2);
  const double one = 0.5 + 1.2 * x[1999] - 0.5 * x[1998];
  CHECK(ahead[0] == doctest::Approx(one).epsilon(0.05));
  CHECK(ahead[1] == doctest::Approx(0.5 + 1.2 * one - 0.5 * x[1999]).epsilon(0.05));
}

TEST_CASE("[series] exponential smoothing is its recursion, and finds what a series is made of") {
  // Holt-Winters by hand, with the constants of a fit: the level of pure line and season is met exactly.
  std::vector<double> x;
  for (int t = 0; t < 48; ++t)
    x.push_back(10 + 0.5 * t + std::vector<double>{3, -1, -4, 2}[static_cast<std::size_t>(t % 4)]);
  const std::vector<double> ahead = exponential_smoothing(x, Smoothed::season, 4)->path(x, 6);
  for (int h = 0; h < 6; ++h)
    CHECK(ahead[static_cast<std::size_t>(h)] ==
          doctest::Approx(10 + 0.5 * (48 + h) +
                          std::vector<double>{3, -1, -4, 2}[static_cast<std::size_t>((48 + h) % 4)]));
  std::vector<double> line;
  for (int t = 0; t < 30; ++t) line.push_back(3 - 0.25 * t);
  CHECK(exponential_smoothing(line, Smoothed::trend)->path(line, 2)[1] == doctest::Approx(3 - 0.25 * 31));
  // A random walk is best forecast by its last value, noise about a level by a mean.
  Stream stream(9, Purpose::check);
  std::vector<double> walk = {0}, noise;
  for (int t = 0; t < 400; ++t) {
    walk.push_back(walk.back() + stream.normal());
    noise.push_back(stream.normal());
  }
  CHECK(exponential_smoothing(walk, Smoothed::level)->path(walk, 1)[0] ==
        doctest::Approx(walk.back()).epsilon(0.1));
  CHECK(std::abs(exponential_smoothing(noise, Smoothed::level)->path(noise, 1)[0]) < 0.3);
}

TEST_CASE(
    "[series] a baseline's forecast follows from what is before it, and its fit from the training part") {
  const std::vector<double> x = waves(120);
  std::vector<double> changed = x;
  for (std::size_t t = 80; t < changed.size(); ++t) changed[t] += 100;
  const auto forecasters = [](const std::vector<double>& values) {
    return simple_forecasters(std::span(values).first(72), 9, 10);
  };
  const SimpleForecasters a = forecasters(x), b = forecasters(changed);
  REQUIRE(a.size() == 7);
  for (std::size_t i = 0; i < a.size(); ++i) {
    CAPTURE(a[i]->name());
    CHECK(a[i]->path(std::span(x).first(80), 5) == b[i]->path(std::span(changed).first(80), 5));
    CHECK(a[i]->path(x, 5) != b[i]->path(changed, 5));
  }
}

TEST_CASE("[series] baselines' intervals are as wide as their errors in training") {
  const PreparedSeries series = prepared(monthly(waves(200)), {{"task.horizon", std::int64_t{3}}});
  const std::vector<std::int64_t> origins = series.origins(series.test(), 3);
  const std::vector<Forecasts> all = baseline_forecasts(series, origins, 3);
  REQUIRE(all.front().name == "persistence");
  const std::vector<double>& x = series.data().targets[0].values;
  const std::int64_t n = series.training().count;
  double squares = 0, count = 0;
  for (std::int64_t t = n / 10; t + 3 < n; ++t) {
    squares += std::pow(x[static_cast<std::size_t>(t + 3)] - x[static_cast<std::size_t>(t)], 2);
    ++count;
  }
  const Predictive& third = all.front().all.front().numbers[2];
  CHECK(third.point() == x[static_cast<std::size_t>(origins.front())]);
  CHECK(third.deviation() == doctest::Approx(std::sqrt(squares / count)));
}
