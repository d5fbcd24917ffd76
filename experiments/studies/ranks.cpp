#include "experiments/studies/ranks.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "experiments/report/statistics.hpp"
#include "framework/tensor/limits.hpp"

namespace unroll {
namespace {

std::vector<double> ranks_of(std::span<const double> values) {
  std::vector<double> ranks;
  for (const double value : values) {
    const auto below = std::ranges::count_if(values, [&](double v) { return v < value; });
    const auto equal = std::ranges::count(values, value);
    ranks.push_back(static_cast<double>(below) + static_cast<double>(equal + 1) / 2);
  }
  return ranks;
}

}  // namespace

double statistic_over(Statistic statistic, const std::vector<double>& values) {
  if (values.empty()) return kNaN;
  std::vector<double> sorted = values;
  std::ranges::sort(sorted);
  switch (statistic) {
    case Statistic::median:
      return quantile(sorted, 0.5);
    case Statistic::mean:
      return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
    case Statistic::min:
      return sorted.front();
    case Statistic::max:
      return sorted.back();
  }
  throw std::logic_error("a statistic that is not handled");
}

double rank_correlation(std::span<const double> x, std::span<const double> y) {
  if (x.size() < 3) return kNaN;
  const std::vector<double> a = ranks_of(x), b = ranks_of(y);
  const double mean = static_cast<double>(x.size() + 1) / 2;
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    ab += (a[i] - mean) * (b[i] - mean);
    aa += (a[i] - mean) * (a[i] - mean);
    bb += (b[i] - mean) * (b[i] - mean);
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : kNaN;
}

}  // namespace unroll
