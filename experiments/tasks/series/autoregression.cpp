#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "experiments/tasks/series/baselines.hpp"
#include "experiments/tasks/series/least_squares.hpp"

namespace unroll {
namespace {

/// Weights of 1, x_(t - 1), ..., x_(t - order) for every step t from `first` on.
std::vector<double> weights_of(std::span<const double> x, std::int64_t order, std::int64_t first,
                               double ridge) {
  const std::int64_t rows = std::ssize(x) - first, columns = order + 1;
  Tensor<double> inputs({rows, columns}), wanted({rows});
  for (std::int64_t row = 0; row < rows; ++row) {
    double* to = inputs.data() + row * columns;
    *to++ = 1;
    for (std::int64_t lag = 1; lag <= order; ++lag) *to++ = x[static_cast<std::size_t>(first + row - lag)];
    wanted[row] = x[static_cast<std::size_t>(first + row)];
  }
  return least_squares(inputs, wanted, ridge);
}

double scale_of(std::span<const double> x) {
  double most = 0;
  for (const double one : x) most = std::max(most, std::abs(one));
  return most > 0 ? most : 1;
}

double next_of(const std::vector<double>& weights, std::span<const double> history) {
  double sum = weights[0];
  for (std::size_t lag = 1; lag < weights.size(); ++lag)
    sum += weights[lag] * history[history.size() - std::min(lag, history.size())];
  return sum;
}

/// Corrected Akaike criterion of an order, on the steps from `first` on.
double criterion(std::span<const double> x, const std::vector<double>& weights, std::int64_t first) {
  const auto n = static_cast<double>(std::ssize(x) - first), k = static_cast<double>(weights.size() + 1);
  if (n - k - 1 <= 0) return std::numeric_limits<double>::infinity();
  double squares = 0;
  for (std::int64_t t = first; t < std::ssize(x); ++t)
    squares +=
        std::pow(x[static_cast<std::size_t>(t)] - next_of(weights, x.first(static_cast<std::size_t>(t))), 2);
  return n * std::log(std::max(squares / n, std::numeric_limits<double>::min())) + 2 * k +
         2 * k * (k + 1) / (n - k - 1);
}

class Autoregression final : public SimpleForecaster {
 public:
  explicit Autoregression(std::vector<double> weights) : weights_(std::move(weights)) {}

  std::string name() const override { return fmt::format("autoregression ({})", weights_.size() - 1); }

  std::vector<double> path(std::span<const double> history, std::int64_t steps) const override {
    const std::size_t kept = std::min(history.size(), weights_.size());
    const std::span<const double> tail = history.last(kept);
    std::vector<double> all(tail.begin(), tail.end());
    for (std::int64_t h = 0; h < steps; ++h) all.push_back(next_of(weights_, all));
    return {all.end() - steps, all.end()};
  }

 private:
  std::vector<double> weights_;  ///< of 1, x_(t - 1), x_(t - 2), ...
};

}  // namespace

std::unique_ptr<SimpleForecaster> autoregression(std::span<const double> training, std::int64_t most) {
  constexpr double tiny = 1e-6;
  const double ridge = tiny * scale_of(training);
  std::vector<double> best;
  double least = std::numeric_limits<double>::infinity();
  for (std::int64_t order = 1; order <= most; ++order) {
    std::vector<double> weights = weights_of(training, order, most, ridge);
    const double value = criterion(training, weights, most);
    if (!best.empty() && value >= least) continue;
    least = value;
    best = std::move(weights);
  }
  const std::int64_t order = std::ssize(best) - 1;
  return std::make_unique<Autoregression>(weights_of(training, order, order, ridge));
}

}  // namespace unroll
