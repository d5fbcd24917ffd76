#include <doctest/doctest.h>

#include <cmath>
#include <numbers>
#include <stdexcept>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/plan/gradcheck.hpp"
#include "tests/experiments/objectives/judged_answers.hpp"

using namespace unroll;
using namespace unroll::objective_test;

namespace {

doctest::Approx about(double value) { return doctest::Approx(value).epsilon(1e-5); }

/// Answers whose outputs are several for each number of the target.
Judged several_outputs(const Setup& setup, std::int64_t each, std::uint64_t seed) {
  Judged all = random_answers(setup, seed);
  Setup wide = setup;
  wide.outputs *= each;
  all.outputs = random_answers(wide, seed + 1).outputs;
  return all;
}

/// One answer's outputs for each number of its target.
struct Told {
  double weight;
  std::vector<double> outputs;
  double target;
};

std::vector<Told> told_by(const Judged& all, std::int64_t each) {
  std::vector<Told> told;
  const std::int64_t n = all.setup.outputs, rows = all.batch.rows();
  for (std::size_t b = 0; b < all.setup.lengths.size(); ++b)
    for (const std::int64_t t : answered_steps(all.setup, b)) {
      const auto row = static_cast<std::int64_t>(b);
      const std::int64_t at = all.setup.every_step ? t * rows + row : row;
      const double weight = static_cast<double>(all.batch.weight(t, row));
      if (weight == 0) continue;
      for (std::int64_t o = 0; o < n; ++o) {
        Told& one =
            told.emplace_back(Told{weight, {}, static_cast<double>(numbers(all.batch.target)[at * n + o])});
        for (std::int64_t i = 0; i < each; ++i)
          one.outputs.push_back(static_cast<double>(all.outputs[(at * n + o) * each + i]));
      }
    }
  return told;
}

template <class F>
double mean_of(const std::vector<Told>& told, const F& f) {
  double sum = 0, weight = 0;
  for (const Told& one : told) {
    sum += one.weight * f(one);
    weight += one.weight;
  }
  return sum / weight;
}

double share_below(double z) { return std::erfc(-z / std::numbers::sqrt2) / 2; }

}  // namespace

TEST_CASE("[objectives] a normal distribution's metrics are those of a direct computation in double") {
  const Objective objective = gaussian_objective();
  CHECK(objective.outputs_per_number == 2);
  for (Setup setup : setups(TargetKind::numbers, 3)) {
    if (setup.packed) continue;  // packing knows nothing of outputs
    const Judged all = several_outputs(setup, 2, 11);
    const std::vector<Told> told = told_by(all, 2);
    const MetricValues values = metrics_of(objective, {.units = {2, 2, 2}}, all);
    const auto z = [](const Told& one) {
      return (one.target - one.outputs[0]) / std::exp(one.outputs[1] / 2);
    };
    const auto within = [&](double half) {
      return mean_of(told, [&](const Told& one) { return std::abs(z(one)) <= half ? 1.0 : 0.0; });
    };
    CHECK(values.at("loss") == about(mean_of(told, [&](const Told& one) {
            return std::log(2 * std::numbers::pi) / 2 + one.outputs[1] / 2 + z(one) * z(one) / 2;
          })));
    CHECK(values.at("rmse") == about(2 * std::sqrt(mean_of(told, [](const Told& one) {
                                       return std::pow(one.target - one.outputs[0], 2);
                                     }))));
    CHECK(values.at("mae") ==
          about(2 * mean_of(told, [](const Told& one) { return std::abs(one.target - one.outputs[0]); })));
    CHECK(values.at("crps") ==
          about(2 * mean_of(told, [&](const Told& one) {
                  const double density = std::exp(-z(one) * z(one) / 2) / std::sqrt(2 * std::numbers::pi);
                  return std::exp(one.outputs[1] / 2) * (z(one) * (2 * share_below(z(one)) - 1) +
                                                         2 * density - 1 / std::sqrt(std::numbers::pi));
                })));
    CHECK(values.at("coverage_80") == about(within(1.2815515655446)));
    CHECK(values.at("coverage_95") == about(within(1.959963984540)));
  }
}

TEST_CASE("[objectives] quantiles' metrics are those of a direct computation in double") {
  const std::vector<double> levels = {0.1, 0.5, 0.8};
  const Objective objective = quantile_objective(levels);
  CHECK(objective.outputs_per_number == 3);
  for (Setup setup : setups(TargetKind::numbers, 2)) {
    if (setup.packed) continue;
    const Judged all = several_outputs(setup, 3, 13);
    const std::vector<Told> told = told_by(all, 3);
    const MetricValues values = metrics_of(objective, {.units = {3, 3}}, all);
    CHECK(values.at("loss") == about(mean_of(told, [&](const Told& one) {
            double sum = 0;
            for (std::size_t i = 0; i < 3; ++i) {
              const double above = one.target - one.outputs[i];
              sum += above > 0 ? levels[i] * above / 3 : (levels[i] - 1) * above / 3;
            }
            return sum;
          })));
    CHECK(values.at("mae") ==
          about(3 * mean_of(told, [](const Told& one) { return std::abs(one.target - one.outputs[1]); })));
    CHECK(values.at("coverage") == about(mean_of(told, [](const Told& one) {
            return one.outputs[0] <= one.target && one.target <= one.outputs[2] ? 1.0 : 0.0;
          })));
  }
}

TEST_CASE("[objectives] the pinball loss is least at the quantile, the normal one at mean and variance") {
  // By the gradient over many draws of one number: 0 where the theory says, and not beside it.
  Stream stream(4, Purpose::check);
  constexpr std::int64_t n = 4000;
  Tensor<double> targets({n, 1});
  for (double& x : targets.span()) x = 1 + 2 * stream.normal();
  const auto slopes = [&](const Objective& objective, std::vector<double> outputs) {
    Tape tape;
    const auto width = static_cast<std::int64_t>(outputs.size());
    const Var out = tape.input("outputs", {width});
    const Var loss = mean(objective.elements(broadcast_to(out, {n, width}), tape.constant(targets))[0]);
    const Var slope = gradients(loss, {out})[0];
    Plan<double> plan(tape, {slope});
    const Tensor<double> at({width}, std::span<const double>(outputs));
    plan.bind(out, at);
    plan.run();
    const auto values = plan.value(slope);
    return std::vector<double>(values.begin(), values.end());
  };
  const double low = 1 - 2 * 1.2815515655446;
  CHECK(std::abs(slopes(quantile_objective({0.1, 0.5}), {low, 1})[0]) < 0.01);
  CHECK(std::abs(slopes(quantile_objective({0.1, 0.5}), {low, 1})[1]) < 0.01);
  CHECK(std::abs(slopes(quantile_objective({0.1, 0.5}), {low + 1, 1})[0]) > 0.03);
  for (const double slope : slopes(gaussian_objective(), {1, std::log(4.0)})) CHECK(std::abs(slope) < 0.03);
  CHECK(std::abs(slopes(gaussian_objective(), {1, 0})[1]) > 0.5);
}

TEST_CASE("[objectives] levels that are none are refused") {
  for (const std::vector<double>& levels :
       std::vector<std::vector<double>>{{}, {0}, {1}, {0.5, 0.5}, {0.6, 0.4}}) {
    CHECK_THROWS_AS(quantile_objective(levels), std::invalid_argument);
  }
  CHECK_THROWS_WITH(quantile_objective({0.6, 0.4}),
                    "quantile: expected one level or more, each between 0 and 1 and above the one before, "
                    "found [0.6, 0.4]");
}
