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
        "id,seed,task.length,model.activation,model.init,status,success,solved_at,updates,best_update,"
        "trivial_loss,"
        "last_loss,last_error_rate,last_accuracy,best_loss,best_error_rate,best_accuracy,test_loss,"
        "test_error_rate,test_accuracy");
  for (std::size_t i = 0; i < 60; ++i) CHECK(lines[i + 1].substr(0, 32) == plan.trials[i].id);
  std::reverse(records.begin(), records.end());
  CHECK(results_csv(plan, records) == csv);
}

TEST_CASE("[csv] settings that are the same in all trials are the last columns") {
  const SweepPlan plan = fixture::plan_of({"seed"}, {fixture::axis("seed", {"0", "1"})});
  const std::string csv =
      results_csv(plan, fixture::records_of(plan), {{"train.batch", "7"}, {"task.test_lengths", "[5, 10]"}});
  const auto lines = lines_of(csv);
  CHECK(lines[0].ends_with(",test_accuracy,train.batch,task.test_lengths"));
  CHECK(lines[1].ends_with(",7,\"[5, 10]\""));
  CHECK(lines[2].ends_with(",7,\"[5, 10]\""));
  CHECK(lines_of(results_csv(plan, {}, {{"train.batch", "7"}}))[1].ends_with(",missing,,,,,7"));
}

TEST_CASE("[csv] timing.csv has what may differ, of the trials that are finished") {
  const SweepPlan plan = fixture::plan_of({"seed"}, {fixture::axis("seed", {"0", "1"})});
  auto records = fixture::records_of(plan);
  records.resize(1);
  records[0].seconds = 1.5;
  records[0].attempts = 3;
  records[0].host = "node, 7";
  records[0].build = "a build";
  CHECK(timing_csv(plan, records) ==
        "id,seconds,attempts,host,build\n" + plan.trials[0].id + ",1.500000,3,\"node, 7\",a build\n");
}

TEST_CASE("[csv] time, build, host and attempts leave no trace") {
  const SweepPlan plan = fixture::long_range_plan();
  auto records = fixture::long_range_records(plan);
  const std::string csv = results_csv(plan, records);
  for (TrialRecord& record : records) {
    record.seconds *= 17;
    record.build = "another machine";
    record.host = "another name";
    record.attempts = 17;
  }
  CHECK(results_csv(plan, records) == csv);
}

TEST_CASE("[csv] doubles are written so that they read back the same, and as short as that allows") {
  const SweepPlan plan = fixture::plan_of({}, {});
  TrialRecord record = fixture::empty_record(plan.trials[0]);
  record.updates = 3000;
  record.best_update = 2900;
  for (const auto& [name, value] :
       std::map<std::string, double>{{"a", 0.1}, {"b", 1.0 / 3}, {"c", 1}, {"d", 5e-324}})
    record.set({name, value});
  CHECK(lines_of(results_csv(plan, {record}))[1] ==
        plan.trials[0].id + ",done,false,,3000,2900,0.1,0.3333333333333333,1,5e-324");
}

TEST_CASE("[csv] every scalar of any record is a column, in order of first appearance over the plan") {
  const SweepPlan plan = fixture::plan_of({"seed"}, {fixture::axis("seed", {"0", "1", "2"})});
  std::vector<TrialRecord> records;
  for (const Trial& trial : plan.trials) records.push_back(fixture::empty_record(trial));
  records[0].set({"spectral_radius", 0.5});
  records[1].set({"of no importance", -std::numeric_limits<double>::infinity()});
  records[1].set({"spectral_radius", 0.25});
  records[2].status = TrialStatus::failed;
  records[2].set({"spectral_radius", 7});  // of a training that did not take place
  std::swap(records[0], records[1]);
  CHECK(results_csv(plan, records) ==
        "id,seed,status,success,solved_at,updates,best_update,spectral_radius,of no importance\n" +
            plan.trials[0].id + ",0,done,false,,0,0,0.5,\n" + plan.trials[1].id +
            ",1,done,false,,0,0,0.25,-inf\n" + plan.trials[2].id + ",2,failed,,,,,,\n");
}

TEST_CASE("[csv] diverged trials keep their NaN, failed and missing ones have no numbers") {
  const SweepPlan plan = fixture::plan_of({"seed"}, {fixture::axis("seed", {"0", "1", "2"})});
  auto records = fixture::records_of(plan);
  fixture::make_diverged(records[0], 700);
  records[0].set({"last_loss", -std::numeric_limits<double>::quiet_NaN()});
  fixture::make_failed(records[1], "no memory");
  records.pop_back();
  const auto lines = lines_of(results_csv(plan, records));
  const std::string commas(4 + 10, ',');
  CHECK(lines[1].find(",diverged,false,,700,") != std::string::npos);
  CHECK(lines[1].find(",nan,1,") != std::string::npos);
  CHECK(lines[2] == plan.trials[1].id + ",1,failed" + commas);
  CHECK(lines[3] == plan.trials[2].id + ",2,missing" + commas);
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
