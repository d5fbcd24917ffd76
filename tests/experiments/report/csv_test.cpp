#include "experiments/report/csv.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

#include "tests/experiments/report/fixture.hpp"

using namespace unroll;
using fixture::lines_of;

TEST_CASE("[csv] one row per trial, in the order of the plan whatever the order of the records") {
  const SweepPlan plan = fixture::long_range_plan();
  auto records = fixture::long_range_records(plan);
  const std::string csv = results_csv(plan, records);
  const auto lines = lines_of(csv);
  REQUIRE(lines.size() == 61);
  CHECK(lines[0] ==
        "id,seed,task.length,model.activation,model.init,status,success,solved_at,updates,best_loss,best_"
        "update,"
        "last_loss,last_error_rate,trivial_loss,test_loss");
  for (std::size_t i = 0; i < 60; ++i) CHECK(lines[i + 1].substr(0, 32) == plan.trials[i].id);
  std::reverse(records.begin(), records.end());
  CHECK(results_csv(plan, records) == csv);
}

TEST_CASE("[csv] time and build leave no trace") {
  const SweepPlan plan = fixture::long_range_plan();
  auto records = fixture::long_range_records(plan);
  const std::string csv = results_csv(plan, records);
  for (TrialRecord& record : records) {
    record.seconds *= 17;
    record.build = "another machine";
  }
  CHECK(results_csv(plan, records) == csv);
}

TEST_CASE("[csv] doubles are written so that they read back the same, and as short as that allows") {
  SweepPlan plan = fixture::plan_of({}, {});
  auto records = fixture::records_of(plan);
  records[0].best_loss = 0.1;
  records[0].last_loss = 1.0 / 3;
  records[0].last_error_rate = 1;
  records[0].trivial_loss = 5e-324;
  records[0].success = false;
  records[0].solved_at.reset();
  records[0].updates = 3000;
  records[0].best_update = 2900;
  CHECK(lines_of(results_csv(plan, records))[1] ==
        plan.trials[0].id + ",done,false,,3000,0.1,2900,0.3333333333333333,1,5e-324,");
}

TEST_CASE("[csv] diverged trials keep their NaN, failed and missing ones have no numbers") {
  const SweepPlan plan = fixture::plan_of({"seed"}, {fixture::axis("seed", {"0", "1", "2"})});
  auto records = fixture::records_of(plan);
  fixture::make_diverged(records[0], 700);
  records[0].last_loss = -std::numeric_limits<double>::quiet_NaN();
  fixture::make_failed(records[1], "no memory");
  records.pop_back();
  const auto lines = lines_of(results_csv(plan, records));
  CHECK(lines[1].find(",diverged,false,,700,") != std::string::npos);
  CHECK(lines[1].find(",nan,1,") != std::string::npos);
  CHECK(lines[2] == plan.trials[1].id + ",1,failed,,,,,,,,,");
  CHECK(lines[3] == plan.trials[2].id + ",2,missing,,,,,,,,,");
}

TEST_CASE("[csv] commas, quotes and line breaks are quoted as RFC 4180 says") {
  const SweepPlan plan =
      fixture::plan_of({"a,b"}, {fixture::axis("a,b", {"say \"x\"", "two\nlines", "plain"})});
  const std::string csv = results_csv(plan, {});
  CHECK(csv.substr(0, 14) == "id,\"a,b\",statu");
  CHECK(csv.find(",\"say \"\"x\"\"\",missing") != std::string::npos);
  CHECK(csv.find(",\"two\nlines\",missing") != std::string::npos);
  CHECK(csv.find(",plain,missing") != std::string::npos);
}
