#include "experiments/report/paired.hpp"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/non_central_t.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <vector>

#include "experiments/report/statistics.hpp"
#include "framework/tensor/limits.hpp"

namespace unroll {
namespace {

constexpr double level = 0.05;
constexpr double wanted_power = 0.8;
constexpr std::size_t most_pairs = 1'000'000;
constexpr double certain = 40;  // standard errors: beyond it the distribution's series only lose digits

double deviation_of(std::span<const double> values, double mean) {
  if (values.size() < 2) return kNaN;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

}  // namespace

double sign_test(std::size_t a, std::size_t b) {
  if (a == b) return 1;
  const boost::math::binomial_distribution<double> fair(static_cast<double>(a + b), 0.5);
  return std::min(1.0, 2 * boost::math::cdf(fair, static_cast<double>(std::min(a, b))));
}

PairedDifference paired_difference(std::span<const double> differences) {
  std::vector<double> sorted(differences.begin(), differences.end());
  std::ranges::sort(sorted);
  std::vector<double> finite;
  std::ranges::copy_if(sorted, std::back_inserter(finite), [](double x) { return std::isfinite(x); });
  const Spread spread = spread_of(finite);
  return {.n = sorted.size(),
          .finite = finite.size(),
          .median = sorted.empty() ? kNaN : quantile(sorted, 0.5),
          .mean = spread.mean,
          .half_width = spread.half_width,
          .deviation = deviation_of(finite, spread.mean)};
}

double paired_power(double effect, std::size_t n) {
  if (n < 2) return 0;
  const auto pairs = static_cast<double>(n);
  const double shift = std::abs(effect) * std::sqrt(pairs);
  const double critical = boost::math::quantile(boost::math::students_t(pairs - 1), 1 - level / 2);
  if (shift > certain + critical) return 1;
  const boost::math::non_central_t_distribution<double> shifted(pairs - 1, shift);
  return boost::math::cdf(boost::math::complement(shifted, critical)) + boost::math::cdf(shifted, -critical);
}

std::optional<std::size_t> pairs_needed(double mean, double deviation) {
  if (!std::isfinite(mean) || !std::isfinite(deviation) || mean == 0) return std::nullopt;
  if (deviation == 0) return 2;
  const double effect = mean / deviation;
  const auto enough = [&](std::size_t n) { return paired_power(effect, n) >= wanted_power; };
  std::size_t high = 2;
  while (high < most_pairs && !enough(high)) high *= 2;
  if (high >= most_pairs) return std::nullopt;
  std::size_t low = high / 2;  // too few, or 1
  while (high - low > 1) {
    const std::size_t middle = low + (high - low) / 2;
    (enough(middle) ? high : low) = middle;
  }
  return high;
}

}  // namespace unroll
