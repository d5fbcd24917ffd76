#include "experiments/tasks/series/differences.hpp"

namespace unroll {

Differences::Differences(const std::vector<std::int64_t>& lags) : weights_{1} {
  for (const std::int64_t lag : lags) {
    const std::vector<double> before = weights_;
    weights_.resize(before.size() + static_cast<std::size_t>(lag));
    for (std::size_t i = 0; i < before.size(); ++i) weights_[i + static_cast<std::size_t>(lag)] -= before[i];
  }
}

double Differences::last(std::span<const double> levels) const {
  double sum = 0;
  for (std::size_t j = 0; j < weights_.size(); ++j) sum += weights_[j] * levels[levels.size() - 1 - j];
  return sum;
}

std::vector<double> Differences::path(std::span<const double> levels, std::int64_t steps) const {
  std::vector<double> ahead(static_cast<std::size_t>(steps));
  if (reach() == 0) return ahead;
  for (std::size_t h = 0; h < ahead.size(); ++h)
    for (std::size_t j = 1; j < weights_.size(); ++j)
      ahead[h] -= weights_[j] * (j <= h ? ahead[h - j] : levels[levels.size() - 1 - (j - h - 1)]);
  return ahead;
}

}  // namespace unroll
