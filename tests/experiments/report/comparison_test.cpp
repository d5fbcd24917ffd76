#include "experiments/report/comparison.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "framework/tensor/limits.hpp"
#include "tests/experiments/sweep/planned.hpp"

using namespace unroll;
using config_tests::plan_of;

namespace {

/// Of a sweep whose trials all have the same outcome but for their number.
ComparedSet set_of(const std::string& sweep, const std::vector<std::string>& overrides = {}) {
  const SweepPlan plan = plan_of("[sweep]\n" + sweep, overrides);
  ComparedSet set{plan.trials, {}, plan.axis_keys, {}};
  for (const Trial& trial : plan.trials) {
    TrialRecord record;
    record.id = trial.id;
    record.updates = 1000;
    record.set({"best_loss", static_cast<double>(set.records.size()), {.direction = "lower"}});
    set.records.push_back(record);
  }
  return set;
}

PairedSets paired(const ComparedSet& a, const ComparedSet& b) { return paired_sets(laboratory(), a, b); }

TrialRecord compared_run(double loss, std::optional<std::int64_t> solved_at = std::nullopt) {
  TrialRecord run;
  run.updates = 1000;
  run.set({"best_loss", loss, {.direction = "lower"}});
  run.set({"test_accuracy", 1 - loss, {.direction = "higher"}});
  run.solved_at = solved_at;
  run.success = solved_at.has_value();
  return run;
}

struct PairedRuns {
  std::vector<TrialRecord> a, b;
  std::vector<TrialPair> pairs() const {
    std::vector<TrialPair> all;
    for (std::size_t i = 0; i < a.size(); ++i) all.push_back({&a[i], &b[i]});
    return all;
  }
};

ComparedFigure figure(const PairedRuns& runs, const std::string& metric) {
  const auto figures = compared_figures(runs.pairs());
  const auto found = std::ranges::find(figures, metric, &ComparedFigure::metric);
  REQUIRE(found != figures.end());
  return *found;
}

bool has_figure(const PairedRuns& runs, const std::string& metric) {
  const auto figures = compared_figures(runs.pairs());
  return std::ranges::find(figures, metric, &ComparedFigure::metric) != figures.end();
}

std::vector<std::string> reasons(const PairedSets& sets) {
  std::vector<std::string> all;
  for (const UnpairedTrial& trial : sets.unpaired) all.push_back(trial.reason);
  return all;
}

}  // namespace

TEST_CASE("[compare] trials are paired by seed and every axis; what is constant in each set is compared") {
  const auto axes = "seed = [1, 2, 3]\n\"task.length\" = [5, 10]\n";
  const ComparedSet a = set_of(axes, {"model.cell=vanilla"}), b = set_of(axes, {"model.cell=lstm"});
  const PairedSets found = paired(a, b);
  REQUIRE(found.differences.size() == 1);
  CHECK(found.differences[0].key == "model.cell");
  CHECK(found.differences[0].a == "vanilla");
  CHECK(found.differences[0].b == "lstm");
  CHECK(found.shared == std::vector<std::string>{"task.length"});
  CHECK(found.unpaired.empty());
  REQUIRE(found.configurations.size() == 2);
  for (const auto& configuration : found.configurations) {
    REQUIRE(configuration.pairs.size() == 3);
    for (const TrialPair& pair : configuration.pairs)
      CHECK(pair.a->scalar("best_loss") == pair.b->scalar("best_loss"));  // same place in the plan
  }
}

TEST_CASE("[compare] what exists in one set alone has no partner, and the value that is to blame is named") {
  const ComparedSet a = set_of("seed = [1, 2]\n\"task.length\" = [5, 10]\n");
  const ComparedSet b = set_of("seed = [2, 3]\n\"task.length\" = [10, 20]\n", {"model.hidden=20"});
  const PairedSets found = paired(a, b);
  REQUIRE(found.configurations.size() == 1);
  CHECK(found.configurations[0].values == std::vector<std::string>{"10"});
  CHECK(found.configurations[0].pairs.size() == 1);
  CHECK(reasons(found) == std::vector<std::string>{"task.length=5 is only in A", "seed=1 is only in A",
                                                   "task.length=5 is only in A",
                                                   "task.length=20 is only in B", "seed=3 is only in B",
                                                   "task.length=20 is only in B"});
}

TEST_CASE("[compare] values that both have, but not together, are told as that") {
  const ComparedSet a =
      set_of("cases = [{ seed = 1, \"task.length\" = 5 }, { seed = 2, \"task.length\" = 10 }]");
  const ComparedSet b =
      set_of("cases = [{ seed = 2, \"task.length\" = 5 }, { seed = 1, \"task.length\" = 10 }]");
  const PairedSets found = paired(a, b);
  CHECK(found.configurations.empty());
  REQUIRE(found.unpaired.size() == 4);
  CHECK(found.unpaired[0].reason == "B has no trial with these values together");
}

TEST_CASE("[compare] another seed is never what is compared") {
  const PairedSets found = paired(set_of("seed = [1]"), set_of("seed = [2]"));
  CHECK(found.differences.empty());
  CHECK(found.configurations.empty());
  CHECK(reasons(found) == std::vector<std::string>{"seed=1 is only in A", "seed=2 is only in B"});
}

TEST_CASE("[compare] a setting that one set varies and the other does not pairs with the value it has") {
  const ComparedSet a = set_of("seed = [1, 2]\n\"model.hidden\" = [10, 20]\n");
  const ComparedSet b = set_of("seed = [1, 2]", {"model.hidden=20", "model.cell=gru"});
  const PairedSets found = paired(a, b);
  REQUIRE(found.configurations.size() == 1);
  CHECK(found.configurations[0].values == std::vector<std::string>{"20"});
  CHECK(found.unpaired.size() == 2);
}

TEST_CASE("[compare] the same trials are paired with themselves") {
  const ComparedSet a = set_of("seed = [1, 2, 3]");
  const PairedSets found = paired(a, a);
  CHECK(found.differences.empty());
  REQUIRE(found.configurations.size() == 1);
  CHECK(found.configurations[0].pairs.size() == 3);
}

TEST_CASE("[compare] trials that are missing, failed or marked are left out and named") {
  const ComparedSet a = set_of("seed = [1, 2, 3, 4]");
  ComparedSet b = set_of("seed = [1, 2, 3, 4]", {"model.cell=lstm"});
  b.records[1].status = TrialStatus::failed;
  b.conflicts.insert(b.trials[2].id);
  b.records.erase(b.records.begin());
  const PairedSets found = paired(a, b);
  REQUIRE(found.configurations.size() == 1);
  CHECK(found.configurations[0].pairs.size() == 1);
  CHECK(reasons(found) == std::vector<std::string>{"its trial in B is not finished", "its trial in B failed",
                                                   "the records of its trial in B disagree"});
}

TEST_CASE("[compare] what the search stopped is compared with as long a training alone") {
  const ComparedSet a = set_of("seed = [1, 2, 3]");
  ComparedSet b = set_of("seed = [1, 2, 3]", {"model.cell=lstm"});
  for (const std::size_t i : {0u, 1u}) b.records[i].status = TrialStatus::stopped;
  b.records[0].updates = 100;
  const PairedSets found = paired(a, b);
  REQUIRE(found.configurations.size() == 1);
  CHECK(found.configurations[0].pairs.size() == 2);
  CHECK(reasons(found) ==
        std::vector<std::string>{"the search stopped one of the two: 1000 updates in A, 100 in B"});
}

TEST_CASE("[compare] differences, signs and pairs needed, by hand") {
  const PairedRuns runs{{compared_run(0.5), compared_run(0.4), compared_run(0.6)},
                        {compared_run(0.3), compared_run(0.4), compared_run(0.1)}};
  const ComparedFigure loss = figure(runs, "best_loss");
  CHECK(loss.pairs == 3);
  CHECK(*loss.a == 0.5);
  CHECK(*loss.b == 0.3);
  CHECK(loss.difference->mean == doctest::Approx(-0.7 / 3));
  CHECK(loss.difference->median == doctest::Approx(-0.2));
  CHECK(loss.b_better == 2);
  CHECK(loss.ties == 1);
  CHECK(loss.a_better == 0);
  CHECK(loss.p == doctest::Approx(0.5));
  CHECK(loss.more_seeds == *pairs_needed(loss.difference->mean, loss.difference->deviation) - 3);
  const ComparedFigure accuracy = figure(runs, "test_accuracy");
  CHECK(accuracy.difference->mean == doctest::Approx(0.7 / 3));
  CHECK(accuracy.b_better == 2);
}

TEST_CASE("[compare] a value that is not finite is worse than every other, and has no size") {
  const PairedRuns runs{{compared_run(0.5), compared_run(kNaN), compared_run(kNaN)},
                        {compared_run(kNaN), compared_run(0.4), compared_run(kNaN)}};
  const ComparedFigure loss = figure(runs, "best_loss");
  CHECK(loss.pairs == 3);
  CHECK(loss.a_better == 1);
  CHECK(loss.b_better == 1);
  CHECK(loss.ties == 1);
  CHECK(loss.difference->n == 2);
  CHECK(loss.difference->finite == 0);
  CHECK_FALSE(loss.more_seeds);
  const ComparedFigure accuracy = figure(runs, "test_accuracy");
  CHECK(accuracy.a_better == 1);
  CHECK(accuracy.b_better == 1);
}

TEST_CASE("[compare] updates to success: who was given too few to know is no pair") {
  PairedRuns runs{
      {compared_run(0, 300), compared_run(0, 900), compared_run(0, 500), compared_run(1), compared_run(1)},
      {compared_run(0, 100), compared_run(1), compared_run(1), compared_run(1), compared_run(0, 200)}};
  runs.b[1].updates = 400;  // A took 900
  runs.b[2].updates = 400;  // A took 500, but this one diverged
  runs.b[2].status = TrialStatus::diverged;
  const ComparedFigure solved = figure(runs, "solved_at");
  CHECK(solved.pairs == 4);
  CHECK(solved.b_better == 2);
  CHECK(solved.a_better == 1);
  CHECK(solved.ties == 1);
  CHECK(solved.difference->finite == 1);
  CHECK(solved.difference->mean == -200);
}

TEST_CASE("[compare] success is counted, and judged by the pairs in which one alone succeeded") {
  PairedRuns runs;
  for (int i = 0; i < 10; ++i) {
    runs.a.push_back(i < 2 ? compared_run(0, 100) : compared_run(1));
    runs.b.push_back(i < 9 && i > 0 ? compared_run(0, 100) : compared_run(1));
  }
  const ComparedFigure found = figure(runs, "success");
  CHECK(*found.a == 2);
  CHECK(*found.b == 8);
  CHECK(found.a_better == 1);
  CHECK(found.b_better == 7);
  CHECK(found.ties == 2);
  CHECK(found.p == doctest::Approx(2.0 * 9 / 256));  // McNemar's exact test
}

TEST_CASE("[compare] what means something else in A than in B is not compared, and said") {
  PairedRuns runs{{compared_run(0.5)}, {compared_run(0.25)}};
  runs.a[0].set({"best_loss", 0.5, {.unit = "mean squared error", .direction = "lower"}});
  runs.b[0].success_rule = "another rule";
  CHECK_FALSE(has_figure(runs, "best_loss"));
  CHECK_FALSE(has_figure(runs, "success"));
  CHECK_FALSE(has_figure(runs, "solved_at"));
  CHECK(has_figure(runs, "test_accuracy"));
  PairedSets sets;
  sets.configurations.push_back({{}, runs.pairs()});
  sets.configurations.push_back({{}, runs.pairs()});
  const std::vector<std::string> said = left_out(sets);
  REQUIRE(said.size() == 2);
  CHECK(said[0].find("best_loss") == 0);
  CHECK(said[1].find("another rule") != std::string::npos);
}

TEST_CASE("[compare] over configurations only signs are counted") {
  const PairedRuns one{{compared_run(0.5), compared_run(0.5)}, {compared_run(0.4), compared_run(0.4)}};
  const PairedRuns two{{compared_run(500)}, {compared_run(400)}};
  PairedSets sets;
  sets.configurations = {{{"1"}, one.pairs()}, {{"2"}, two.pairs()}};
  const ComparedFigure loss = compared_signs(sets).front();
  CHECK(loss.metric == "best_loss");
  CHECK(loss.b_better == 3);
  CHECK(loss.p == doctest::Approx(0.25));
  CHECK_FALSE(loss.difference);
  CHECK_FALSE(loss.a);
}
