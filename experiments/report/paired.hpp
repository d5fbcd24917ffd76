#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace unroll {

/// Exact two-sided sign test: the probability of a split at least as uneven as `a` to `b`, were both sides
/// equally likely. Of the pairs in which only one of two succeeded it is McNemar's exact test. 1 for none.
double sign_test(std::size_t a, std::size_t b);

/// Of paired differences, which may be infinite where one of two values is.
struct PairedDifference {
  std::size_t n = 0;       ///< of them
  std::size_t finite = 0;  ///< of these the mean, its 95 % t-interval and the standard deviation are
  double median;           ///< over all; NaN for none
  double mean, half_width, deviation;  ///< NaN where there are too few
};

PairedDifference paired_difference(std::span<const double> differences);

/// Power of the two-sided paired t-test at the level 0.05 for `n` pairs, when the mean of their differences
/// is `effect` standard deviations: of the noncentral t-distribution, exact for normal differences.
double paired_power(double effect, std::size_t n);

/// The fewest pairs that reach the power 0.8 when the differences are as large and as spread as seen; none
/// where no number up to a million does.
std::optional<std::size_t> pairs_needed(double mean, double deviation);

}  // namespace unroll
