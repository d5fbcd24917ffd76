#include "experiments/studies/verdict.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "experiments/studies/measure.hpp"
#include "experiments/studies/outcome.hpp"
#include "experiments/studies/ranks.hpp"
#include "tests/experiments/studies/small_study.hpp"
#include "tests/support/laboratory.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace unroll;
using namespace unroll::test;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

/// The small study with one expectation, and records of its trials that a function makes.
struct Made {
  Study study;
  SweepPlan plan;
  std::vector<TrialRecord> records;

  template <class Fill>
  Made(const std::string& expectation, const Fill& fill)
      : study(read_study(laboratory().options(),
                         {"small", small_study("[[expect]]\nsays = \"s\"\n" + expectation)})),
        plan(plan_sweep(laboratory(), source_of(laboratory().options(), study.parts.front(), "laptop", {}))) {
    for (const Trial& trial : plan.trials) {
      TrialRecord record;
      record.id = trial.id;
      fill(trial, record);
      records.push_back(record);
    }
  }

  Judgement judged() const {
    return judge(laboratory(), study.expectations.front(), {"small", &plan, &records});
  }
};

/// A loss that says which trial it is of: 100 length + 10 relu + seed.
void mark(const Trial& trial, TrialRecord& record) {
  const bool relu = trial.config.model.activation == "relu";
  record.set({"best_loss", 100.0 * static_cast<double>(trial.config.task.length.least) + 10 * relu +
                               static_cast<double>(trial.config.seed)});
}

}  // namespace

TEST_CASE("[verdict] the statistic of the trials that are meant, against the band") {
  const Made made(tanh_at_5 + "measure = \"best_loss\"\nat_least = 501.4\nat_most = 501.6\n", mark);
  const Judgement judgement = made.judged();
  CHECK(judgement.values == std::vector<double>{501, 502});
  CHECK(judgement.value == 501.5);
  CHECK(judgement.verdict == Verdict::met);
  CHECK(judgement.ours == "median 501.5 (501.0 to 502.0, n = 2)");
  const Made other(tanh_at_5 + "measure = \"best_loss\"\nat_least = 501.6\n", mark);
  CHECK(other.judged().verdict == Verdict::not_met);
  const Made highest(tanh_at_5 + "measure = \"best_loss\"\nstatistic = \"max\"\nat_least = 501.6\n", mark);
  CHECK(highest.judged().verdict == Verdict::met);
}

TEST_CASE("[verdict] a share of the trials, each against the band") {
  const std::string half = tanh_at_5 + "measure = \"best_loss\"\nat_most = 501\nshare = ";
  CHECK(Made(half + "0.5\n", mark).judged().verdict == Verdict::met);
  CHECK(Made(half + "0.6\n", mark).judged().verdict == Verdict::not_met);
  CHECK(Made(half + "0.5\n", mark).judged().ours == "1 of 2 (501.0 to 502.0, n = 2)");
}

TEST_CASE("[verdict] a contrast pairs trials of one seed") {
  const std::string against = "against = \"model.activation == 'relu' and task.length == 5\"\n";
  const Made made(tanh_at_5 + against + "by = \"difference\"\nmeasure = \"best_loss\"\nat_most = -10\n",
                  mark);
  CHECK(made.judged().values == std::vector<double>{-10, -10});
  CHECK(made.judged().verdict == Verdict::met);
  CHECK(made.judged().note == "sign test p = 0.5000");
  const Made ratio(tanh_at_5 + against + "by = \"ratio\"\nmeasure = \"best_loss\"\nat_most = 1\n", mark);
  CHECK(ratio.judged().values.front() == doctest::Approx(501.0 / 511));
}

TEST_CASE("[verdict] a trend is a rank correlation with an axis") {
  const std::string trend =
      "where = \"model.activation == 'tanh'\"\ntrend = \"task.length\"\nat_least = 0.9\n";
  // Two lengths are too few to tell.
  CHECK(Made(trend + "measure = \"best_loss\"\n", mark).judged().verdict == Verdict::not_met);
  const std::vector<double> x = {1, 2, 3, 4}, up = {1, 5, 6, 9}, down = {9, 6, 5, 1}, ties = {1, 1, 2, 2};
  CHECK(rank_correlation(x, up) == doctest::Approx(1));
  CHECK(rank_correlation(x, down) == doctest::Approx(-1));
  CHECK(rank_correlation(x, ties) == doctest::Approx(0.894427191));  // of the ranks 1.5, 1.5, 3.5, 3.5
  CHECK(std::isnan(rank_correlation(x, std::vector<double>{3, 3, 3, 3})));
}

TEST_CASE("[verdict] what is missing or failed is no result, what diverged is one") {
  const std::string expectation = tanh_at_5 + "measure = \"best_loss\"\nat_most = 1e9\n";
  Made made(expectation, mark);
  made.records.erase(made.records.begin());
  CHECK(made.judged().verdict == Verdict::missing);
  CHECK(made.judged().note == "1 of 2 trials missing, 0 failed");
  const Made failed(expectation,
                    [](const Trial&, TrialRecord& record) { record.status = TrialStatus::failed; });
  CHECK(failed.judged().verdict == Verdict::missing);
  const Made diverged(expectation,
                      [](const Trial&, TrialRecord& record) { record.status = TrialStatus::diverged; });
  CHECK(diverged.judged().verdict == Verdict::not_met);
  CHECK(diverged.judged().value == inf);
  // A name that no trial has is a mistake of the file, and says what there is.
  CHECK_THROWS_WITH_AS(
      Made(tanh_at_5 + "measure = \"best_los\"\nat_most = 1\n", mark).judged(),
      doctest::Contains("a trial has no scalar \"best_los\"; it has success, diverged, updates, "
                        "solved_at, best_loss; did you mean \"best_loss\"?"),
      std::exception);
}

TEST_CASE("[verdict] what is read of a record") {
  TrialRecord record;
  record.set({"best_loss", 0.25});
  record.updates = 90;
  RecordedSeries& series =
      record.series_like({.name = "loss", .moment = "validation", .axis = "update", .x = {}, .y = {}});
  series.x = {0, 10, 20, 30};
  series.y = {8, 4, 2, 1};
  const auto of = [&](SeriesUse use, double argument = 0) {
    return measured({.series = "loss", .moment = "validation", .use = use, .argument = argument}, record);
  };
  CHECK(measured({.scalar = "best_loss"}, record) == 0.25);
  CHECK(measured({.scalar = "updates"}, record) == 90);
  CHECK(measured({.scalar = "success"}, record) == 0);
  CHECK(measured({.scalar = "solved_at"}, record) == inf);
  CHECK(of(SeriesUse::at, 10) == 4);
  CHECK(of(SeriesUse::first_below, 4) == 20);
  CHECK(of(SeriesUse::first_below, 0.5) == inf);
  CHECK(of(SeriesUse::first_above, 1) == 0);
  CHECK(of(SeriesUse::first) == 8);
  CHECK(of(SeriesUse::last) == 1);
  CHECK(of(SeriesUse::min) == 1);
  CHECK(of(SeriesUse::max) == 8);
  CHECK(of(SeriesUse::mean) == 3.75);
  CHECK(of(SeriesUse::log_slope) == doctest::Approx(-std::log(2) / 10));
  CHECK_THROWS_AS(of(SeriesUse::at, 15), std::out_of_range);
  record.solved_at = 40;
  CHECK(measured({.scalar = "solved_at"}, record) == 40);
}

TEST_CASE("[verdict] an outcome is read back from its folder as it was written") {
  const TemporaryFolder folder;
  const std::filesystem::path place = folder / "study";
  std::filesystem::create_directory(place);
  CHECK_FALSE(read_outcome(place));
  Outcome outcome{.study = "s",
                  .title = "t",
                  .source = "p",
                  .about = "a",
                  .chosen = "",
                  .budget = "smoke",
                  .overrides = {"task.length=3"},
                  .judgements = {},
                  .commit = "c",
                  .build = "b",
                  .seconds = 1.5,
                  .trials = 4};
  outcome.judgements.push_back({.says = "x | y",
                                .part = "s",
                                .paper = "1",
                                .band = "at most 2",
                                .measure = "m",
                                .values = {1, inf},
                                .value = inf,
                                .ours = "median inf",
                                .verdict = Verdict::not_met,
                                .note = "n"});
  write_outcome(place, outcome);
  const auto read = read_outcome(place);
  REQUIRE(read);
  CHECK(read->judgements.front().values == std::vector<double>{1, inf});
  CHECK(read->judgements.front().verdict == Verdict::not_met);
  CHECK(read->summary() == "0 of 1 expectations met");
  CHECK(read->overrides == outcome.overrides);
  CHECK(verdict_markdown(*read) == verdict_markdown(outcome));
  CHECK(verdict_markdown(outcome).find("x \\| y") != std::string::npos);
}
