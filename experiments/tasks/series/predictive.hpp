#pragma once

#include <memory>
#include <vector>

namespace unroll {

/// Shared by all that have them.
using QuantileLevels = std::shared_ptr<const std::vector<double>>;

/// What a forecast says of one number, in the unit of the data.
class Predictive {
 public:
  /// A number alone.
  static Predictive of_point(double value);
  /// A normal distribution of the level; with `log` the number is e to it.
  static Predictive of_normal(double mean, double deviation, bool log);
  /// Quantiles at rising levels, put in order where they cross (Chernozhukov et al. 2010).
  static Predictive of_quantiles(QuantileLevels levels, std::vector<double> values);

  /// The median.
  double point() const;
  /// Of a normal distribution: mean and deviation of the level.
  double level() const { return mean_; }
  double deviation() const { return deviation_; }
  bool is_point() const { return kind_ == Kind::point; }
  /// The quantile at a level; between two that are known on the line through them, beyond them the outermost.
  /// NaN of a number alone.
  double quantile(double level) const;
  /// The continuous ranked probability score at the outcome y: the integral of (F(x) - [x >= y])^2. Of normal
  /// (Gneiting & Raftery 2007) and log-normal ones (Baran & Lerch 2015) in closed form; of quantiles twice
  /// their pinball losses, each weighed by the levels nearest to its own; of a number alone its absolute
  /// error.
  double crps(double y) const;

 private:
  enum class Kind { point, normal, log_normal, quantiles };

  Kind kind_ = Kind::point;
  double mean_ = 0, deviation_ = 0;
  QuantileLevels levels_;
  std::vector<double> values_;
};

/// The standard normal distribution: density, distribution function and its inverse.
double normal_density(double z);
double normal_share_below(double z);
double normal_quantile(double level);

}  // namespace unroll
