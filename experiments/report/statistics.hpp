#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "experiments/report/axes.hpp"

namespace unroll {

/// One number over several runs. A value that is not finite is a result (the run diverged): it is counted,
/// and the median ranks it above every finite one. Everything else is over the finite values.
struct Spread {
  std::size_t n = 0;
  std::size_t finite = 0;
  double median;      ///< inf when half of the values or more are not finite; NaN for n = 0
  double mean;        ///< NaN when none is finite, as are min and max
  double half_width;  ///< of the 95 % t-interval of the mean; NaN for fewer than two finite values
  double min, max;
};

Spread spread_of(std::span<const double> values);

/// The part of a spread that a plot shows of each of its places.
struct Middle {
  double median, min, max;
};
Middle middle_of(std::span<const double> values);

/// A share with its 95 % Wilson score interval (Wilson 1927, JASA 22:209), which holds for few runs too.
struct Rate {
  std::size_t successes = 0;
  std::size_t n = 0;
  double low, high;  ///< [0, 1] for n = 0

  double share() const {
    return n == 0 ? std::numeric_limits<double>::quiet_NaN() : double(successes) / double(n);
  }
};

Rate rate_of(std::size_t successes, std::size_t n);

/// The median number of updates until the success rule held. Runs that never reached it last longer than all
/// that did: when they hold the median, all that is known is that it lies above the updates they were given.
struct TimeToSolve {
  std::optional<double> median;
  std::int64_t censored_at = 0;  ///< the fewest updates after which an unsolved run gave up; 0 when none did
};

/// Whether the trial of this record (null: missing) trained: it is done, or it diverged, which is a result.
bool has_result(const TrialRecord* run);

/// Everything that is reported of one cell of a sweep.
struct CellStatistics {
  std::size_t planned = 0, done = 0, stopped = 0, diverged = 0, failed = 0, missing = 0;
  Rate success;         ///< among the runs with a result
  Spread best, last;    ///< validation loss: the lowest one, and at the end of training
  Spread test;          ///< loss of the best model on the test set, where there is one
  Spread test_errors;   ///< share of that model's answers that are wrong, where answers are right or wrong
  TimeToSolve solving;  ///< in updates
  Spread parameters;    ///< numbers that are trained
  Spread seconds;       ///< wall time of a trial; it differs from one run of a sweep to the next

  std::size_t results() const { return done + stopped + diverged; }
};

CellStatistics cell_statistics(const SweepCell& cell);

/// The value below which the share `p` of the sorted `values` lies, by linear interpolation between order
/// statistics (Hyndman and Fan 1996, type 7). `values` must not be empty.
double quantile(std::span<const double> sorted, double p);

}  // namespace unroll
