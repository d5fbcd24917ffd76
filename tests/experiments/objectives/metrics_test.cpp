#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <set>
#include <stdexcept>

#include "tests/experiments/objectives/judged_answers.hpp"

using namespace unroll;
using namespace unroll::objective_test;

namespace {

constexpr double float_rounding = 2e-6;

doctest::Approx about_in_floats(double value) { return doctest::Approx(value).epsilon(float_rounding); }

/// -log softmax(outputs)[class].
double nats_of_class(const Answer& one) {
  double sum = 0;
  for (const double z : one.outputs) sum += std::exp(z);
  return std::log(sum) - one.outputs[static_cast<std::size_t>(one.target[0])];
}

bool stands_first(const Answer& one) {
  const auto wanted = static_cast<std::size_t>(one.target[0]);
  for (std::size_t o = 0; o < one.outputs.size(); ++o)
    if (o != wanted && !(one.outputs[o] < one.outputs[wanted])) return false;
  return true;
}

/// The mean over outputs of f(output, target).
template <class F>
double over_outputs(const Answer& one, const F& f) {
  double sum = 0;
  for (std::size_t o = 0; o < one.outputs.size(); ++o) sum += f(one.outputs[o], one.target[o]);
  return sum / static_cast<double>(one.outputs.size());
}

/// -t log σ(z) - (1 - t) log(1 - σ(z)) of a t that is 0 or 1.
double nats_of_coin(double z, double t) { return std::log1p(std::exp(t == 1 ? -z : z)); }
bool coin_is_right(double z, double t) { return (z > 0) == (t == 1); }

/// One sequence of one step with these outputs, and what an objective says of it.
MetricValues of_one(const Objective& objective, const Values& target, std::vector<float> outputs,
                    const Criterion& criterion = {}) {
  const Batch batch{Tensor<float>({1, 1, 1}), target, {1}};
  const auto n = static_cast<std::int64_t>(outputs.size());
  return values_of(objective, criterion,
                   tally_of(objective, criterion, batch, {.rows = 1, .every_step = false},
                            Tensor<float>({1, n}, std::span<const float>(outputs)), target));
}

Values class_0() { return Tensor<std::int64_t>({1}); }

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

}  // namespace

TEST_CASE("[objectives] cross-entropy's metrics are those of a direct computation in double") {
  const Objective objective = cross_entropy_objective();
  for (const Setup& setup : setups(TargetKind::classes, 3))
    for (const Criterion& criterion :
         {Criterion{}, Criterion{.sequences = true}, Criterion{.probability = 0.4, .sequences = true},
          Criterion{.step_from_end = 0, .sequences = true}}) {
      const Judged all = random_answers(setup, 3);
      const std::vector<Answer> answers = answers_of(all);
      const MetricValues values = metrics_of(objective, criterion, all);
      const double nats = weighted_mean(answers, nats_of_class);
      CHECK(values.at("loss") == about_in_floats(nats));
      CHECK(values.at("bits") == about_in_floats(nats / std::numbers::ln2));
      CHECK(values.at("perplexity") == about_in_floats(std::exp(nats)));
      check_accuracies(values, criterion, all, [&](const Answer& one) {
        return criterion.probability ? std::exp(-nats_of_class(one)) > *criterion.probability
                                     : stands_first(one);
      });
    }
}

TEST_CASE("[objectives] squared error's metrics are those of a direct computation, in the unit of the data") {
  const Objective objective = mse_objective();
  for (const Setup& setup : setups(TargetKind::numbers, 2))
    for (const Criterion& criterion : {Criterion{}, Criterion{.tolerance = 2.5, .sequences = true},
                                       Criterion{.tolerance = 2.5, .units = {3, 0.5}}}) {
      const Judged all = random_answers(setup, 5);
      const std::vector<Answer> answers = answers_of(all);
      const MetricValues values = metrics_of(objective, criterion, all);
      const std::vector<double> units = criterion.units.empty() ? std::vector<double>{1, 1} : criterion.units;
      double squares = 0, absolutes = 0, of_variance = 0;
      for (std::size_t o = 0; o < 2; ++o) {
        const auto mean = [&](const auto& f) {
          return weighted_mean(answers, [&](const Answer& one) { return f(one.outputs[o], one.target[o]); });
        };
        const double square = mean([](double y, double t) { return (y - t) * (y - t); });
        const double centre = mean([](double, double t) { return t; });
        const double variance = mean([&](double, double t) { return (t - centre) * (t - centre); });
        squares += units[o] * units[o] * square / 2;
        absolutes += units[o] * mean([](double y, double t) { return std::abs(y - t); }) / 2;
        of_variance += square / variance / 2;
      }
      const auto squared = [](double y, double t) { return (y - t) * (y - t); };
      CHECK(values.at("loss") == about_in_floats(weighted_mean(answers, [&](const Answer& one) {
              return over_outputs(one, squared);
            })));
      CHECK(values.at("rmse") == about_in_floats(std::sqrt(squares)));
      CHECK(values.at("mae") == about_in_floats(absolutes));
      CHECK(values.at("nrmse") == doctest::Approx(std::sqrt(of_variance)).epsilon(1e-5));
      CHECK(values.contains("error_rate") == criterion.tolerance.has_value());
      if (!criterion.tolerance) continue;
      check_accuracies(values, criterion, all, [&](const Answer& one) {
        return over_outputs(one,
                            [&](double y, double t) { return std::abs(y - t) >= *criterion.tolerance; }) == 0;
      });
    }
}

TEST_CASE("[objectives] binary cross-entropy's metrics are those of a direct computation in double") {
  const Objective objective = binary_cross_entropy_objective();
  for (const Setup& setup : setups(TargetKind::numbers, 3)) {
    const Criterion criterion{.sequences = true};
    const Judged all = random_answers(setup, 7, true);
    const std::vector<Answer> answers = answers_of(all);
    const MetricValues values = metrics_of(objective, criterion, all);
    const double nats =
        weighted_mean(answers, [](const Answer& one) { return over_outputs(one, nats_of_coin); });
    CHECK(values.at("loss") == about_in_floats(nats));
    CHECK(values.at("nats_per_step") == about_in_floats(3 * nats));
    CHECK(values.at("bits") == about_in_floats(nats / std::numbers::ln2));
    const auto is_wrong = [](double z, double t) { return !coin_is_right(z, t); };
    CHECK(values.at("output_error_rate") == about_in_floats(weighted_mean(answers, [&](const Answer& one) {
            return over_outputs(one, is_wrong);
          })));
    check_accuracies(values, criterion, all,
                     [&](const Answer& one) { return over_outputs(one, is_wrong) == 0; });
  }
}

TEST_CASE("[objectives] logistic squared error's metrics are those of a direct computation in double") {
  const Objective objective = logistic_mse_objective();
  const auto error = [](double z, double t) { return 1 / (1 + std::exp(-z)) - t; };
  for (const Setup& setup : setups(TargetKind::numbers, 3))
    for (const Criterion& criterion : {Criterion{}, Criterion{.tolerance = 0.8, .sequences = true}}) {
      const Judged all = random_answers(setup, 9, true);
      const std::vector<Answer> answers = answers_of(all);
      const MetricValues values = metrics_of(objective, criterion, all);
      const auto mean = [&](const auto& f) {
        return weighted_mean(answers, [&](const Answer& one) { return over_outputs(one, f); });
      };
      CHECK(values.at("loss") ==
            about_in_floats(mean([&](double z, double t) { return error(z, t) * error(z, t); })));
      CHECK(values.at("mae") ==
            about_in_floats(mean([&](double z, double t) { return std::abs(error(z, t)); })));
      double largest = 0;
      for (const Answer& one : answers)
        for (std::size_t o = 0; o < 3; ++o)
          largest = std::max(largest, std::abs(error(one.outputs[o], one.target[o])));
      CHECK(values.at("max_error") == about_in_floats(largest));
      CHECK(values.contains("error_rate") == criterion.tolerance.has_value());
      if (!criterion.tolerance) continue;
      check_accuracies(values, criterion, all, [&](const Answer& one) {
        return over_outputs(one, [&](double z, double t) { return std::abs(error(z, t)) >= 0.8; }) == 0;
      });
    }
}

TEST_CASE(
    "[objectives] a next symbol costs what it is given, and is right where all that might come stand first") {
  for (const Setup& setup : setups(TargetKind::numbers, 4)) {
    Judged all = random_answers(setup, 13, true);
    // 0 and 1 say what may come; of those that may, or else of all, the first one comes.
    auto& target = std::get<Tensor<float>>(all.batch.target);
    for (std::int64_t at = 0; at < target.numel(); at += 4) {
      const float* first = std::find(target.data() + at, target.data() + at + 4, 1.f);
      target[first == target.data() + at + 4 ? at : first - target.data()] = NextSymbol::comes;
    }
    const Criterion criterion{.sequences = true};
    const std::vector<Answer> answers = answers_of(all);
    const auto comes = [](double t) { return t == static_cast<double>(NextSymbol::comes); };
    const auto is_right = [](const Answer& one) {
      for (std::size_t i = 0; i < 4; ++i)
        for (std::size_t k = 0; k < 4; ++k)
          if (one.target[i] > 0 && one.target[k] == 0 && !(one.outputs[i] > one.outputs[k])) return false;
      return true;
    };
    const MetricValues soft = metrics_of(next_symbol_objective(), criterion, all);
    const double nats = weighted_mean(answers, [&](const Answer& one) {
      double sum = 0, score = 0;
      for (std::size_t k = 0; k < 4; ++k) {
        sum += std::exp(one.outputs[k]);
        if (comes(one.target[k])) score = one.outputs[k];
      }
      return std::log(sum) - score;
    });
    CHECK(soft.at("loss") == about_in_floats(nats));
    CHECK(soft.at("bits") == about_in_floats(nats / std::numbers::ln2));
    check_accuracies(soft, criterion, all, is_right);
    const MetricValues logistic = metrics_of(logistic_next_symbol_objective(), criterion, all);
    CHECK(logistic.at("loss") == about_in_floats(weighted_mean(answers, [&](const Answer& one) {
            return over_outputs(one, [&](double z, double t) {
              const double error = 1 / (1 + std::exp(-z)) - comes(t);
              return error * error;
            });
          })));
    check_accuracies(logistic, criterion, all, is_right);
  }
}

TEST_CASE("[objectives] the largest error is NaN once there is one, wherever it stands") {
  for (const std::vector<float>& logits :
       std::vector<std::vector<float>>{{not_a_number, 0}, {0, not_a_number}, {0, 0}}) {
    const double largest =
        of_one(logistic_mse_objective(), Tensor<float>({1, 2}, 1.f), logits).at("max_error");
    const bool bad = std::isnan(logits[0]) || std::isnan(logits[1]);
    CHECK(std::isnan(largest) == bad);
    if (!bad) CHECK(largest == 0.5);
  }
}

TEST_CASE("[objectives] the scaled accuracy is 0 by chance and 1 if all is right, where a chance is given") {
  const Setup setup{TargetKind::classes, {400}, 4};
  const Judged all = random_answers(setup, 17);
  const MetricValues values = metrics_of(cross_entropy_objective(), {.chance = 0.25}, all);
  CHECK(values.at("scaled_accuracy") ==
        doctest::Approx((values.at("accuracy") - 0.25) / 0.75).epsilon(1e-12));
  CHECK(std::abs(values.at("scaled_accuracy")) < 0.15);  // answers at random
  CHECK(of_one(cross_entropy_objective(), class_0(), {1, 0}, {.chance = 0.5}).at("scaled_accuracy") == 1);
  CHECK(of_one(cross_entropy_objective(), class_0(), {0, 1}, {.chance = 0.5}).at("scaled_accuracy") == -1);
  CHECK_FALSE(metrics_of(cross_entropy_objective(), {}, all).contains("scaled_accuracy"));
}

TEST_CASE("[objectives] a tie or a NaN is not right") {
  const auto error_rate = [](const std::vector<float>& logits) {
    return of_one(cross_entropy_objective(), class_0(), logits).at("error_rate");
  };
  CHECK(error_rate({1, 0.999f, -3}) == 0);
  CHECK(error_rate({1, 1, -3}) == 1);
  CHECK(error_rate({1, 2, -3}) == 1);
  CHECK(error_rate({not_a_number, 0, 0}) == 1);
  CHECK(error_rate({not_a_number, not_a_number, not_a_number}) == 1);

  const auto coin = [](float logit) {
    return of_one(binary_cross_entropy_objective(), Tensor<float>({1, 1}, 1.f), {logit}).at("error_rate");
  };
  CHECK(coin(0.001f) == 0);
  CHECK(coin(0) == 1);
  CHECK(coin(-0.001f) == 1);
  CHECK(coin(not_a_number) == 1);

  const auto number = [](float y) {
    return of_one(mse_objective(), Tensor<float>({1, 1}, 2.f), {y}, {.tolerance = 0.5}).at("error_rate");
  };
  CHECK(number(2.25f) == 0);
  CHECK(number(2.5f) == 1);  // not below
  CHECK(number(not_a_number) == 1);
  CHECK(number(std::numeric_limits<float>::infinity()) == 1);
}

TEST_CASE(
    "[objectives] a NaN that counts makes the loss NaN; one behind a sequence's end or without weight does "
    "not") {
  Judged all = random_answers({TargetKind::classes, {2, 5}, 3, true, true}, 1);
  CHECK(std::isfinite(metrics_of(cross_entropy_objective(), {}, all).at("loss")));
  Batch& batch = all.batch;
  (*batch.weights)[1 * 2 + 1] = 0;  // step 1 of sequence 1
  for (std::int64_t o = 0; o < 3; ++o) all.outputs[(1 * 2 + 1) * 3 + o] = not_a_number;
  CHECK(std::isfinite(metrics_of(cross_entropy_objective(), {}, all).at("loss")));
  (*batch.weights)[1 * 2 + 1] = 0.5f;
  CHECK(std::isnan(metrics_of(cross_entropy_objective(), {}, all).at("loss")));
}

TEST_CASE("[objectives] batches added up are the same as one of all their sequences") {
  const Objective objective = cross_entropy_objective();
  const Criterion criterion{.sequences = true};
  const Judged all = random_answers({TargetKind::classes, {3, 7, 2, 5, 7}, 4, true, true}, 2);
  const Tally together =
      tally_of(objective, criterion, all.batch, {.rows = 5}, all.outputs, all.batch.target);
  Tally parts;
  for (const Range rows : {Range{0, 2}, Range{2, 3}}) {
    Batch some;
    copy_rows(all.batch, rows, true, some);
    Tensor<float> outputs({7, rows.count, 4});
    for (std::int64_t t = 0; t < 7; ++t)
      std::copy_n(all.outputs.data() + (t * 5 + rows.first) * 4, rows.count * 4,
                  outputs.data() + t * rows.count * 4);
    const Tally part = tally_of(objective, criterion, some, {.rows = rows.count}, outputs, some.target);
    parts.weight += part.weight;
    parts.wrong += part.wrong;
    parts.judged += part.judged;
    parts.sequences += part.sequences;
    parts.wrong_sequences += part.wrong_sequences;
    parts.sums.resize(part.sums.size(), {0.0});
    for (std::size_t k = 0; k < part.sums.size(); ++k) parts.sums[k][0] += part.sums[k][0];
  }
  CHECK(parts.mean(0) == about_in_floats(together.mean(0)));
  CHECK(parts.error_rate() == together.error_rate());
  CHECK(parts.sequence_error_rate() == together.sequence_error_rate());
  CHECK(together.sequences == 5);
  CHECK(std::isnan(Tally{}.mean(0)));
}

TEST_CASE(
    "[objectives] every row has its loss first, and metrics whose names, units and directions are given") {
  for (const Objective& objective : standard_objectives()) {
    CAPTURE(objective.name);
    REQUIRE(!objective.metrics.empty());
    CHECK(objective.metrics.front().name == "loss");
    CHECK(objective.metrics.front().direction == Direction::lower);
    std::set<std::string> names;
    for (const Metric& metric : objective.metrics) {
      CHECK(names.insert(metric.name).second);
      const bool is_share =
          metric.name.find("accuracy") != std::string::npos || metric.name.starts_with("coverage");
      CHECK((metric.direction == Direction::higher) == is_share);
    }
    CHECK(find_objective(standard_objectives(), objective.name).name == objective.name);
  }
}

TEST_CASE("[objectives] an unknown objective is refused with the known ones and the nearest") {
  std::string message;
  try {
    find_objective(standard_objectives(), "cross_entrpy");
  } catch (const std::invalid_argument& error) {
    message = error.what();
  }
  for (const char* part :
       {"\"cross_entrpy\"", "did you mean", "cross_entropy", "mse", "binary_cross_entropy"})
    CHECK_MESSAGE(message.find(part) != std::string::npos, message);
}
