#include "experiments/report/summary_rows.hpp"

#include <doctest/doctest.h>

#include "tests/experiments/report/fixture.hpp"

using namespace unroll;

TEST_CASE("[summary rows] one per cell, with the values of every key of an axis and numbers not rounded") {
  const SweepPlan plan = fixture::long_range_plan();
  const auto records = fixture::long_range_records(plan);
  const auto rows = summary_rows(plan, records);
  REQUIRE(rows.size() == 12);
  for (const auto& row : rows) {
    CHECK(row.size() == rows[0].size());
    CHECK(row.contains("model.init"));
  }
  CHECK(rows[0]["model.activation"] == "tanh");
  CHECK(rows[0]["task.length"] == "10");
  std::size_t successes = 0, expected = 0;
  for (const auto& row : rows) successes += row["successes"].get<std::size_t>();
  for (const TrialRecord& record : records) expected += record.success ? 1 : 0;
  CHECK(successes == expected);
  CHECK(rows[0]["n"].get<std::size_t>() + rows[0]["failed"].get<std::size_t>() == 5);
}

TEST_CASE("[summary rows] what is not known is null, what is not finite a text: never -nan") {
  const SweepPlan plan = fixture::plan_of({"seed"}, {fixture::axis("seed", {"0", "1"})});
  CHECK(summary_rows(plan, {}).at(0)["median_best_loss"].is_null());
  auto records = fixture::records_of(plan);
  for (TrialRecord& record : records) record.set({"best_loss", -std::numeric_limits<double>::quiet_NaN()});
  const auto row = summary_rows(plan, records).at(0);
  CHECK(row["median_best_loss"] == "inf");
  CHECK(row["mean_best_loss"].is_null());
}
