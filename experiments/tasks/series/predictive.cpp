#include "experiments/tasks/series/predictive.hpp"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <limits>
#include <numbers>

namespace unroll {
namespace {

const boost::math::normal standard_normal;

double normal_crps(double mean, double deviation, double y) {
  if (deviation == 0) return std::abs(y - mean);
  const double z = (y - mean) / deviation;
  return deviation * (z * (2 * normal_share_below(z) - 1) + 2 * normal_density(z) - std::numbers::inv_sqrtpi);
}

double log_normal_crps(double mean, double deviation, double y) {
  if (deviation == 0) return std::abs(y - std::exp(mean));
  const double z = (std::log(std::max(y, std::numeric_limits<double>::min())) - mean) / deviation;
  return y * (2 * normal_share_below(z) - 1) -
         2 * std::exp(mean + deviation * deviation / 2) *
             (normal_share_below(z - deviation) + normal_share_below(deviation / std::numbers::sqrt2) - 1);
}

/// Half of the way to the neighbours on both sides; the outermost reach to 0 and 1.
double weight_of(const std::vector<double>& levels, std::size_t i) {
  const double low = i == 0 ? 0 : (levels[i - 1] + levels[i]) / 2;
  const double high = i + 1 == levels.size() ? 1 : (levels[i] + levels[i + 1]) / 2;
  return high - low;
}

}  // namespace

double normal_density(double z) { return boost::math::pdf(standard_normal, z); }
double normal_share_below(double z) { return std::erfc(-z / std::numbers::sqrt2) / 2; }
double normal_quantile(double level) { return boost::math::quantile(standard_normal, level); }

Predictive Predictive::of_point(double value) {
  Predictive one;
  one.mean_ = value;
  return one;
}

Predictive Predictive::of_normal(double mean, double deviation, bool log) {
  Predictive one;
  one.kind_ = log ? Kind::log_normal : Kind::normal;
  one.mean_ = mean;
  one.deviation_ = deviation;
  return one;
}

Predictive Predictive::of_quantiles(QuantileLevels levels, std::vector<double> values) {
  std::ranges::sort(values);
  Predictive one;
  one.kind_ = Kind::quantiles;
  one.levels_ = std::move(levels);
  one.values_ = std::move(values);
  return one;
}

double Predictive::point() const {
  if (kind_ == Kind::quantiles) return quantile(0.5);
  return kind_ == Kind::log_normal ? std::exp(mean_) : mean_;
}

double Predictive::quantile(double level) const {
  switch (kind_) {
    case Kind::point:
      return std::numeric_limits<double>::quiet_NaN();
    case Kind::normal:
      return mean_ + deviation_ * normal_quantile(level);
    case Kind::log_normal:
      return std::exp(mean_ + deviation_ * normal_quantile(level));
    case Kind::quantiles:
      break;
  }
  constexpr double near = 1e-9;  // of levels that were computed in two ways
  if (level <= levels_->front() + near) return values_.front();
  if (level >= levels_->back() - near) return values_.back();
  const auto above =
      static_cast<std::size_t>(std::ranges::lower_bound(*levels_, level - near) - levels_->begin());
  if (above == 0 || std::abs((*levels_)[above] - level) < near) return values_[above];
  const double share = (level - (*levels_)[above - 1]) / ((*levels_)[above] - (*levels_)[above - 1]);
  return values_[above - 1] + share * (values_[above] - values_[above - 1]);
}

double Predictive::crps(double y) const {
  switch (kind_) {
    case Kind::point:
      return std::abs(y - mean_);
    case Kind::normal:
      return normal_crps(mean_, deviation_, y);
    case Kind::log_normal:
      return log_normal_crps(mean_, deviation_, y);
    case Kind::quantiles:
      break;
  }
  double sum = 0;
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const double q = (*levels_)[i], above = y - values_[i];
    sum += weight_of(*levels_, i) * 2 * std::max(q * above, (q - 1) * above);
  }
  return sum;
}

}  // namespace unroll
