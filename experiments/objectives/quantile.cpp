#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

#include "experiments/objectives/objective.hpp"
#include "framework/autodiff/ops.hpp"

namespace unroll {
namespace {

struct QuantileElement {
  enum : std::size_t { pinball, absolute, outside };
};

void check(const std::vector<double>& levels) {
  const bool inside = std::ranges::all_of(levels, [](double q) { return q > 0 && q < 1; });
  const bool rising = std::ranges::adjacent_find(levels, std::greater_equal<>()) == levels.end();
  if (!levels.empty() && inside && rising) return;
  throw std::invalid_argument(fmt::format(
      "quantile: expected one level or more, each between 0 and 1 and above the one before, found [{}]",
      fmt::join(levels, ", ")));
}

Tensor<double> as_tensor(const std::vector<double>& levels) {
  return Tensor<double>({std::ssize(levels)}, std::span<const double>(levels));
}

/// The quantile at one level: (..., n, levels) -> (..., n).
Var level(Var quantiles, std::size_t index, const Dims& numbers) {
  return reshape(slice(quantiles, -1, static_cast<std::int64_t>(index), 1), numbers);
}

std::vector<Var> quantile_elements(const std::vector<double>& levels, Var outputs, Var targets) {
  const Dims numbers = targets.dims();
  Dims all = numbers, beside = numbers;
  all.push_back(std::ssize(levels));
  beside.push_back(1);
  const Var quantiles = reshape(outputs, all);
  const Var q = outputs.tape().constant(as_tensor(levels));
  const Var above = reshape(targets, beside) - quantiles;
  const Var losses = maximum(q * above, (q - 1.0) * above);
  const Var inside = less_equal(level(quantiles, 0, numbers), targets) *
                     less_equal(targets, level(quantiles, levels.size() - 1, numbers));
  return {mean(losses, -1), abs(targets - level(quantiles, levels.size() / 2, numbers)), 1.0 - inside};
}

bool quantile_right(std::span<const std::span<const float>>, const Criterion&) { return false; }

}  // namespace

const std::vector<double>& standard_levels() {
  static const std::vector<double> levels = {0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975};
  return levels;
}

Objective quantile_objective(std::vector<double> levels) {
  check(levels);
  const std::int64_t count = std::ssize(levels);
  return {.name = "quantile",
          .summary = "quantiles of a number, by the pinball loss",
          .target = TargetKind::numbers,
          .elements = [levels = std::move(levels)](
                          Var outputs, Var targets) { return quantile_elements(levels, outputs, targets); },
          .right = quantile_right,
          .metrics =
              {
                  {"loss", "mean pinball loss", Direction::lower,
                   [](const Tally& t) { return t.mean(QuantileElement::pinball); }},
                  {"mae", "unit of the data", Direction::lower,
                   [](const Tally& t) { return t.mean_in_units(QuantileElement::absolute); }},
                  {"coverage", "share of targets between the outermost levels", Direction::higher,
                   [](const Tally& t) { return 1 - t.mean(QuantileElement::outside); }},
              },
          .outputs_per_number = count};
}

}  // namespace unroll
