#include <doctest/doctest.h>

#include <cmath>

#include "experiments/tasks/series/predictive.hpp"

using namespace unroll;

namespace {

/// The integral of (F(x) - [x >= y])^2 by the midpoint rule.
template <class F>
double crps_by_integral(const F& share_below, double y, double low, double high) {
  constexpr int cells = 200000;
  const double width = (high - low) / cells;
  double sum = 0;
  for (int i = 0; i < cells; ++i) {
    const double x = low + (i + 0.5) * width, f = share_below(x) - (x >= y ? 1 : 0);
    sum += f * f * width;
  }
  return sum;
}

double below(double z) { return std::erfc(-z / std::sqrt(2.0)) / 2; }

}  // namespace

TEST_CASE("[series] the score of normal and log-normal forecasts is the integral that defines it") {
  for (const double y : {-3.0, 0.9, 1.0, 4.0}) {
    const auto share = [](double x) { return below((x - 1) / 0.7); };
    CHECK(Predictive::of_normal(1, 0.7, false).crps(y) ==
          doctest::Approx(crps_by_integral(share, y, -9, 11)).epsilon(1e-5));
  }
  for (const double y : {0.3, 1.0, 2.5, 9.0}) {
    const auto share = [](double x) { return x <= 0 ? 0 : below((std::log(x) - 0.2) / 0.5); };
    CHECK(Predictive::of_normal(0.2, 0.5, true).crps(y) ==
          doctest::Approx(crps_by_integral(share, y, 0, 40)).epsilon(1e-4));
  }
  CHECK(Predictive::of_normal(1, 0, false).crps(3) == 2);
  CHECK(Predictive::of_point(1).crps(3) == 2);
}

TEST_CASE("[series] with many levels the pinball average comes to the same score") {
  std::vector<double> levels, values;
  for (int i = 1; i < 400; ++i) {
    levels.push_back(i / 400.0);
    values.push_back(1 + 0.7 * normal_quantile(levels.back()));
  }
  const Predictive quantiles =
      Predictive::of_quantiles(std::make_shared<const std::vector<double>>(levels), values);
  for (const double y : {-1.0, 1.2, 3.0})
    CHECK(quantiles.crps(y) == doctest::Approx(Predictive::of_normal(1, 0.7, false).crps(y)).epsilon(2e-3));
}

TEST_CASE("[series] quantiles are those asked for, between them a line, and in order where they cross") {
  const auto levels = std::make_shared<const std::vector<double>>(std::vector<double>{0.1, 0.5, 0.9});
  const Predictive one = Predictive::of_quantiles(levels, {3, 1, 2});
  CHECK(one.quantile(0.1) == 1);
  CHECK(one.point() == 2);
  CHECK(one.quantile(0.9) == 3);
  CHECK(one.quantile(0.7) == doctest::Approx(2.5));
  CHECK(one.quantile(0.01) == 1);
  CHECK(one.quantile(0.99) == 3);
  CHECK(normal_quantile(0.975) == doctest::Approx(1.959963984540054));
  CHECK(Predictive::of_normal(2, 3, false).quantile(0.9) == doctest::Approx(2 + 3 * 1.2815515655446004));
  CHECK(Predictive::of_normal(2, 3, true).quantile(0.5) == doctest::Approx(std::exp(2.0)));
  CHECK(std::isnan(Predictive::of_point(2).quantile(0.5)));
}
