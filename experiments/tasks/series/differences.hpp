#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace unroll {

/// Differences at several lags, one after the other: w_t = (1 - L^a) (1 - L^b) ... z_t, L being the shift by
/// a step. Without lags w is z itself.
class Differences {
 public:
  explicit Differences(const std::vector<std::int64_t>& lags);

  /// Steps before the present one that a difference needs.
  std::int64_t reach() const { return static_cast<std::int64_t>(weights_.size()) - 1; }
  /// The difference at the last of `levels`, of which there are more than reach().
  double last(std::span<const double> levels) const;
  /// The levels of so many steps behind `levels` if all their differences are 0: the last value with lag 1,
  /// the season before with the season's lag. Without lags 0. What a model answers comes on top of them.
  std::vector<double> path(std::span<const double> levels, std::int64_t steps) const;

 private:
  std::vector<double> weights_;  ///< of z_t, z_(t - 1), ...
};

}  // namespace unroll
