#include "experiments/report/statistics.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>

#include "framework/tensor/limits.hpp"
#include "tests/experiments/report/fixture.hpp"

using namespace unroll;

namespace {

Spread spread(const std::vector<double>& values) { return spread_of(values); }

TrialRecord run_with(double best, std::optional<std::int64_t> solved_at = std::nullopt) {
  TrialRecord run;
  run.set({"best_loss", best});
  run.set({"last_loss", best});
  run.updates = 3000;
  run.solved_at = solved_at;
  run.success = solved_at.has_value();
  return run;
}

CellStatistics statistics_of(const std::vector<TrialRecord>& runs, std::size_t missing = 0) {
  std::vector<Trial> trials(runs.size() + missing);
  SweepCell cell;
  for (const Trial& trial : trials) cell.trials.push_back(&trial);
  for (const TrialRecord& run : runs) cell.runs.push_back(&run);
  cell.runs.resize(trials.size(), nullptr);
  return cell_statistics(cell);
}

}  // namespace

TEST_CASE("[statistics] the mean's interval is Student's, as in the printed table of t quantiles") {
  // t(0.975) for 1, 2, 4 and 9 degrees of freedom: 12.7062, 4.30265, 2.77645, 2.26216.
  CHECK(spread({1, 3}).half_width == doctest::Approx(12.7062).epsilon(1e-5));
  CHECK(spread({1, 2, 3}).half_width == doctest::Approx(4.30265 / std::sqrt(3.0)).epsilon(1e-5));
  CHECK(spread({1, 2, 3, 4, 5}).half_width == doctest::Approx(2.77645 * std::sqrt(0.5)).epsilon(1e-5));
  CHECK(spread({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}).half_width ==
        doctest::Approx(2.26216 * std::sqrt(82.5 / 9 / 10)).epsilon(1e-5));
}

TEST_CASE("[statistics] median, mean, min and max of finite runs") {
  const Spread odd = spread({5, 1, 3});
  CHECK(odd.median == 3);
  CHECK(odd.mean == 3);
  CHECK(odd.min == 1);
  CHECK(odd.max == 5);
  CHECK(spread({4, 1, 2, 100}).median == 3);
}

TEST_CASE("[statistics] one run has no interval and none has no number at all") {
  CHECK(std::isnan(spread({2}).half_width));
  CHECK(spread({2}).mean == 2);
  const Spread none = spread({});
  CHECK(none.n == 0);
  CHECK(std::isnan(none.median));
  CHECK(std::isnan(none.mean));
  CHECK(std::isnan(none.min));
}

TEST_CASE(
    "[statistics] runs that are not finite are counted, and worse than every finite one to the median") {
  const Spread some = spread({1, kNaN, 2, kInf, 3});
  CHECK(some.n == 5);
  CHECK(some.finite == 3);
  CHECK(some.median == 3);
  CHECK(some.mean == 2);
  CHECK(some.max == 3);
  CHECK(spread({1, kNaN, 2, kInf}).median == kInf);
  CHECK(spread({kNaN, -kInf, 1}).median == kInf);
  const Spread lost = spread({kNaN, kInf});
  CHECK(lost.median == kInf);
  CHECK(std::isnan(lost.mean));
  CHECK(std::isnan(lost.half_width));
}

TEST_CASE("[statistics] equal runs have an interval of width zero") {
  CHECK(spread({0.25, 0.25, 0.25}).half_width == 0);
}

TEST_CASE("[statistics] a spread does not depend on the order of its runs") {
  CHECK(rc::check([] {
    auto values = *rc::gen::container<std::vector<double>>(
        rc::gen::map(rc::gen::inRange(-1000, 1000), [](int i) { return i == 7 ? kNaN : i / 8.0; }));
    const Spread before = spread(values);
    std::reverse(values.begin(), values.end());
    const Spread after = spread(values);
    const auto same = [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); };
    RC_ASSERT(same(before.median, after.median) && same(before.mean, after.mean));
    RC_ASSERT(same(before.half_width, after.half_width) && before.finite == after.finite);
    if (before.finite == before.n && before.n > 0)
      RC_ASSERT(before.min <= before.median && before.median <= before.max);
  }));
}

TEST_CASE("[statistics] quantiles interpolate between order statistics") {
  const std::vector<double> values{1, 2, 3, 4};
  CHECK(quantile(values, 0) == 1);
  CHECK(quantile(values, 1) == 4);
  CHECK(quantile(values, 0.25) == 1.75);
  CHECK(quantile(values, 0.75) == 3.25);
}

TEST_CASE("[statistics] Wilson's interval has the values of its closed form") {
  const double z2 = 3.841458820694124;  // 0.95 quantile of chi squared with one degree of freedom
  CHECK(rate_of(0, 5).low == 0);
  CHECK(rate_of(0, 5).high == doctest::Approx(z2 / (5 + z2)));
  CHECK(rate_of(5, 5).low == doctest::Approx(5 / (5 + z2)));
  CHECK(rate_of(5, 5).high == 1);
  CHECK(rate_of(3, 5).low == doctest::Approx(0.2307).epsilon(1e-3));
  CHECK(rate_of(3, 5).high == doctest::Approx(0.8824).epsilon(1e-3));
  CHECK(rate_of(0, 0).low == 0);
  CHECK(rate_of(0, 0).high == 1);
}

TEST_CASE("[statistics] at both ends of Wilson's interval the observed share is 1.96 standard errors away") {
  for (std::size_t n = 1; n <= 40; ++n)
    for (std::size_t successes = 0; successes <= n; ++successes) {
      const Rate rate = rate_of(successes, n);
      CAPTURE(successes);
      CAPTURE(n);
      CHECK(rate.low <= rate.share());
      CHECK(rate.high >= rate.share());
      for (const double end : {rate.low, rate.high}) {
        if (end == rate.share()) continue;  // 0 of n and n of n
        const double error = std::sqrt(end * (1 - end) / static_cast<double>(n));
        CHECK(std::abs(rate.share() - end) / error == doctest::Approx(1.959964).epsilon(1e-6));
      }
    }
}

TEST_CASE("[statistics] the time to solve is censored when the median run is unsolved") {
  CHECK(statistics_of({run_with(0.1, 500), run_with(0.1, 900), run_with(0.2)}).solving.median == 900);
  const TimeToSolve censored = statistics_of({run_with(0.1, 500), run_with(0.2), run_with(0.2)}).solving;
  CHECK_FALSE(censored.median);
  CHECK(censored.censored_at == 3000);
  CHECK_FALSE(statistics_of({run_with(0.1, 500), run_with(0.2)}).solving.median);
  CHECK(statistics_of({run_with(0.1, 500), run_with(0.1, 600)}).solving.median == 550);
  CHECK(statistics_of({run_with(0.1, 500)}).solving.censored_at == 0);
}

TEST_CASE("[statistics] failed and missing trials are counted apart and give no number") {
  TrialRecord failed = run_with(0);
  failed.status = TrialStatus::failed;
  TrialRecord diverged = run_with(0.15);
  diverged.status = TrialStatus::diverged;
  diverged.set({"last_loss", kNaN});
  const CellStatistics cell = statistics_of({run_with(0.05, 100), failed, diverged}, 2);
  CHECK(cell.planned == 5);
  CHECK(cell.done == 1);
  CHECK(cell.diverged == 1);
  CHECK(cell.failed == 1);
  CHECK(cell.missing == 2);
  CHECK(cell.best.n == 2);
  CHECK(cell.best.min == 0.05);
  CHECK(cell.last.finite == 1);
  CHECK(cell.success.successes == 1);
  CHECK(cell.success.n == 2);
}

TEST_CASE("[statistics] the test set's numbers are over the runs that have them") {
  TrialRecord tested = run_with(0.05), other = run_with(0.06);
  tested.set({"test_loss", 0.07});
  tested.set({"test_accuracy", 0.75});
  other.set({"test_loss", 0.09});
  other.set({"test_error_rate", 0.5});
  const CellStatistics cell = statistics_of({tested, other, run_with(0.04)});
  CHECK(cell.test.n == 2);
  CHECK(cell.test.median == 0.08);
  CHECK(cell.test_errors.median == 0.375);  // of 0.25 and 0.5
  CHECK(statistics_of({run_with(0.04)}).test_errors.n == 0);
}

TEST_CASE("[axes] zipped cases are one axis, and the seed is none") {
  const auto axes = sweep_axes(fixture::long_range_plan());
  REQUIRE(axes.size() == 2);
  CHECK(axes[0].name == "activation, init");
  CHECK(axes[0].labels == std::vector<std::string>{"tanh, glorot", "relu, identity", "sigmoid, glorot"});
  CHECK_FALSE(axes[0].numeric());
  CHECK(axes[1].name == "length");
  CHECK(axes[1].numbers == std::vector<double>{10, 30, 60, 100});
}

TEST_CASE("[axes] independent keys stay apart, and numbers are sorted") {
  const SweepPlan plan =
      fixture::plan_of({"train.learning_rate", "model.cell", "seed"},
                       {fixture::axis("train.learning_rate", {"1e-2", "0.001"}),
                        fixture::axis("model.cell", {"vanilla"}), fixture::axis("seed", {"0", "1"})});
  const auto axes = sweep_axes(plan);
  REQUIRE(axes.size() == 2);
  CHECK(axes[0].labels == std::vector<std::string>{"vanilla"});
  CHECK(axes[1].labels == std::vector<std::string>{"0.001", "1e-2"});
}

TEST_CASE("[axes] cases that share a key or leave one out are one axis") {
  const fixture::Axis cases{{{"model.activation", "tanh"}},
                            {{"model.activation", "relu"}, {"model.init", "identity"}},
                            {{"model.activation", "relu"}, {"model.init", "glorot"}}};
  const auto axes = sweep_axes(fixture::plan_of({"model.activation", "model.init"}, {cases}));
  REQUIRE(axes.size() == 1);
  CHECK(axes[0].labels == std::vector<std::string>{"tanh, –", "relu, identity", "relu, glorot"});
}

TEST_CASE("[axes] keys that end alike are named in full") {
  const SweepPlan plan =
      fixture::plan_of({"task.name", "model.name"},
                       {fixture::axis("task.name", {"a", "b"}), fixture::axis("model.name", {"c", "d"})});
  CHECK(sweep_axes(plan)[0].name == "task.name");
}

TEST_CASE("[axes] every trial is in exactly one cell, and records are matched by id") {
  const SweepPlan plan = fixture::long_range_plan();
  auto records = fixture::records_of(plan);
  records.erase(records.begin() + 7);
  records.push_back(records[3]);  // a second record of one trial
  records.push_back(TrialRecord{});
  const auto axes = sweep_axes(plan);
  const auto cells = sweep_cells(plan, axes, records);
  CHECK(cells.size() == 12);
  std::size_t trials = 0, missing = 0;
  for (const SweepCell& cell : cells) {
    CHECK(cell.trials.size() == 5);
    for (std::size_t i = 0; i < cell.trials.size(); ++i) {
      ++trials;
      if (cell.runs[i] == nullptr) {
        ++missing;
        CHECK(cell.trials[i] == &plan.trials[7]);
      } else {
        CHECK(cell.runs[i]->id == cell.trials[i]->id);
      }
    }
  }
  CHECK(trials == 60);
  CHECK(missing == 1);
}

TEST_CASE("[axes] a plan of one trial has no axis and one cell") {
  const SweepPlan plan = fixture::plan_of({}, {});
  CHECK(sweep_axes(plan).empty());
  CHECK(sweep_cells(plan, {}, {}).size() == 1);
}
