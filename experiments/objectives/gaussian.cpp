#include <cmath>
#include <numbers>

#include "experiments/objectives/objective.hpp"
#include "framework/autodiff/ops.hpp"

namespace unroll {
namespace {

struct GaussianElement {
  enum : std::size_t { nats, squared, absolute, crps, outside_80, outside_95 };
};

/// Standard deviations from the mean to the ends of the central intervals.
constexpr double half_width_80 = 1.2815515655446004, half_width_95 = 1.959963984540054;

/// Every second output, from the one at `first` on: (..., 2 n) -> (..., n).
Var every_second(Var outputs, std::int64_t first) {
  Dims pairs = outputs.dims(), numbers = pairs;
  const std::int64_t n = pairs.back().number() / 2;
  pairs.back() = n;
  pairs.push_back(2);
  numbers.back() = n;
  return reshape(slice(reshape(outputs, pairs), -1, first, 1), numbers);
}

/// 1 where a target is not within so many deviations: also where it, or the answer, is no number.
Var outside(Var deviations, double half_width) {
  Tape& tape = deviations.tape();
  return 1.0 - less_equal(abs(deviations), tape.fill(half_width, {}));
}

std::vector<Var> gaussian_elements(Var outputs, Var targets) {
  const Var log_variance = every_second(outputs, 1), error = targets - every_second(outputs, 0);
  const Var deviation = exp(0.5 * log_variance), z = error / deviation;
  const Var density = exp(-0.5 * square(z)) / std::sqrt(2 * std::numbers::pi);
  const Var score = deviation * (z * erf(z / std::numbers::sqrt2) + 2.0 * density - std::numbers::inv_sqrtpi);
  return {0.5 * (log_variance + square(z) + std::log(2 * std::numbers::pi)),
          square(error),
          abs(error),
          score,
          outside(z, half_width_80),
          outside(z, half_width_95)};
}

bool gaussian_right(std::span<const std::span<const float>>, const Criterion&) { return false; }

}  // namespace

Objective gaussian_objective() {
  return {.name = "gaussian",
          .summary = "a normal distribution of a number: its mean and the log of its variance",
          .target = TargetKind::numbers,
          .elements = gaussian_elements,
          .right = gaussian_right,
          .metrics =
              {
                  {"loss", "nats", Direction::lower,
                   [](const Tally& t) { return t.mean(GaussianElement::nats); }},
                  {"rmse", "unit of the data", Direction::lower,
                   [](const Tally& t) { return std::sqrt(t.mean_in_units(GaussianElement::squared, 2)); }},
                  {"mae", "unit of the data", Direction::lower,
                   [](const Tally& t) { return t.mean_in_units(GaussianElement::absolute); }},
                  {"crps", "unit of the data", Direction::lower,
                   [](const Tally& t) { return t.mean_in_units(GaussianElement::crps); }},
                  {"coverage_80", "share of targets", Direction::higher,
                   [](const Tally& t) { return 1 - t.mean(GaussianElement::outside_80); }},
                  {"coverage_95", "share of targets", Direction::higher,
                   [](const Tally& t) { return 1 - t.mean(GaussianElement::outside_95); }},
              },
          .outputs_per_number = 2};
}

}  // namespace unroll
