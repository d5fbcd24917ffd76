#include "experiments/objectives/frame_cross_entropy.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "tests/experiments/objectives/judged_answers.hpp"

using namespace unroll;
using namespace unroll::objective_test;

namespace {

/// -ln p of one yes or no, in double.
double nats(double logit, double target) {
  return std::log1p(std::exp(-std::abs(logit))) + std::max(logit, 0.0) - target * logit;
}

}  // namespace

TEST_CASE("[objectives] frame cross-entropy is the sum over outputs, averaged over steps") {
  const Objective objective = frame_cross_entropy_objective();
  for (const Setup& setup : setups(TargetKind::numbers, 5)) {
    const Judged all = random_answers(setup, 3, true);
    const std::vector<Answer> answers = answers_of(all);
    const MetricValues values = metrics_of(objective, {}, all);
    const double expected = weighted_mean(answers, [](const Answer& one) {
      double sum = 0;
      for (std::size_t i = 0; i < one.outputs.size(); ++i) sum += nats(one.outputs[i], one.target[i]);
      return sum;
    });
    CHECK(values.at("loss") == doctest::Approx(expected).epsilon(1e-5));
    CHECK(values.at("bits") == doctest::Approx(expected / std::numbers::ln2).epsilon(1e-5));
    const MetricValues each = metrics_of(binary_cross_entropy_objective(), {}, all);
    CHECK(values.at("loss") == doctest::Approx(5 * each.at("loss")).epsilon(1e-6));
    CHECK(values.at("output_error_rate") == doctest::Approx(each.at("output_error_rate")));
    double found = 0, wrong = 0;
    for (const Answer& one : answers)
      for (std::size_t i = 0; i < one.outputs.size(); ++i) {
        const bool yes = one.outputs[i] > 0, is = one.target[i] > 0.5;
        found += one.weight * (yes && is);
        wrong += one.weight * (yes != is);
      }
    CHECK(values.at("note_accuracy") == doctest::Approx(found / (found + wrong)).epsilon(1e-6));
  }
}
