#pragma once

#include <span>
#include <vector>

#include "experiments/studies/expectation.hpp"

namespace unroll {

/// Over the values of several trials; NaN of none.
double statistic_over(Statistic statistic, const std::vector<double>& values);

/// Spearman's rank correlation; ties have the mean of their ranks. NaN for fewer than three points, and where
/// one side is constant.
double rank_correlation(std::span<const double> x, std::span<const double> y);

}  // namespace unroll
