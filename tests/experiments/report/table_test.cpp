#include "experiments/report/table.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <sstream>

#include "experiments/config/text.hpp"
#include "tests/experiments/report/fixture.hpp"

using namespace unroll;
using fixture::lines_of;

TEST_CASE("[table] the long-range sweep fits in 130 columns, its rows by activation and rising length") {
  const SweepPlan plan = fixture::long_range_plan();
  const std::string table = summary_table(plan, fixture::long_range_records(plan));
  INFO(table);
  const auto lines = lines_of(table);
  REQUIRE(lines.size() == 2 + 12 + 3 + 2);
  for (const std::string& line : lines) CHECK(columns_of(line) <= 130);
  CHECK(lines[0].rfind("activation, init", 0) == 0);
  for (const char* head : {"length", "n", "success", "median best", "mean ± 95 % CI", "min", "max",
                           "median test", "test accuracy", "updates"})
    CHECK(lines[0].find(head) != std::string::npos);
  CHECK(lines[2].rfind("tanh, glorot          10  5      5/5", 0) == 0);
  CHECK(lines[9].rfind("relu, identity       100  5      4/5", 0) == 0);
  CHECK(lines[13].rfind("sigmoid, glorot      100  5      0/5", 0) == 0);
  CHECK(lines[13].find("> 3000") != std::string::npos);
  CHECK(lines[17] == "tanh, glorot · 60: 1 failed");
  CHECK(lines[18] == "relu, identity · 100: 1 diverged");
}

TEST_CASE("[table] columns are aligned by what is seen, not by bytes") {
  const SweepPlan plan =
      fixture::plan_of({"model.activation"}, {fixture::axis("model.activation", {"σ", "tanh"})});
  const auto lines = lines_of(summary_table(plan, fixture::records_of(plan)));
  CHECK(columns_of(lines[2]) == columns_of(lines[3]));
}

TEST_CASE("[table] any number of axes gives a table, none included") {
  CHECK(lines_of(summary_table(fixture::plan_of({}, {}), {})).size() == 3 + 3 + 1);
  const SweepPlan many = fixture::plan_of(
      {"a.a", "a.b", "a.c", "a.d", "seed"},
      {fixture::axis("a.a", {"1", "2"}), fixture::axis("a.b", {"x", "y"}), fixture::axis("a.c", {"3", "4"}),
       fixture::axis("a.d", {"u", "v"}), fixture::axis("seed", {"0", "1"})});
  CHECK(lines_of(summary_table(many, fixture::records_of(many))).size() == 2 + 16 + 3);
}

TEST_CASE("[table] what is not known is a dash, what is not finite is said") {
  const SweepPlan plan = fixture::plan_of({"seed"}, {fixture::axis("seed", {"0", "1"})});
  CHECK(summary_table(plan, {}).find("2 missing") != std::string::npos);
  auto records = fixture::records_of(plan);
  for (TrialRecord& record : records) {
    fixture::make_diverged(record, 0);
    record.set({"best_loss", std::numeric_limits<double>::quiet_NaN()});
  }
  const std::string table = summary_table(plan, records);
  CHECK(table.find("2      0/2          inf               –    –    –") != std::string::npos);
  CHECK(table.find("2 diverged, 2 without a finite loss") != std::string::npos);
}

TEST_CASE("[table] test accuracy is a column where answers are right or wrong") {
  const SweepPlan plan = fixture::plan_of({}, {});
  TrialRecord record = fixture::empty_record(plan.trials[0]);
  record.set({"test_loss", 0.5});
  const std::string without = summary_table(plan, {record});
  CHECK(without.find("test accuracy") == std::string::npos);
  CHECK(without.find("median test") != std::string::npos);
  record.set({"test_error_rate", 0.125});
  const std::string with = summary_table(plan, {record});
  CHECK(with.find("test accuracy") != std::string::npos);
  CHECK(with.find("0.8750") != std::string::npos);
}

TEST_CASE("[table] below stands what the best models reach at lengths, as medians over the runs") {
  const SweepPlan plan = fixture::lengths_plan();
  const std::string table = summary_table(plan, fixture::lengths_records(plan));
  INFO(table);
  const std::size_t at =
      table.find("accuracy over length, test (share of answers): median over runs, by length\n");
  REQUIRE(at != std::string::npos);
  const auto lines = lines_of(table.substr(at));
  REQUIRE(lines.size() == 3 + 4);
  CHECK(lines[1].rfind("cell ", 0) == 0);
  CHECK(lines[1].ends_with("   400"));
  CHECK(lines[6].rfind("mgu ", 0) == 0);
  CHECK(table.find("loss over length") == std::string::npos);  // one table: the accuracy says it
  CHECK(summary_table(plan, fixture::records_of(plan)).find("over length") == std::string::npos);
}

TEST_CASE("[table] a cell without a value at a length has a dash there") {
  const SweepPlan plan = fixture::plan_of({"model.cell"}, {fixture::axis("model.cell", {"gru", "lstm"})});
  std::vector<TrialRecord> records{fixture::empty_record(plan.trials[0]),
                                   fixture::empty_record(plan.trials[1])};
  const RecordedSeries like{.name = "score", .axis = "depth", .x = {}, .y = {}};
  fixture::add_point(records[0], like, 2, 0.5);
  fixture::add_point(records[1], like, 16, 0.25);
  CHECK(summary_table(plan, records)
            .ends_with("score: median over runs, by depth\n"
                       "cell       2      16\n"
                       "────  ──────  ──────\n"
                       "gru   0.5000       –\n"
                       "lstm       –  0.2500\n"));
}

TEST_CASE("[table] an interval has the decimals of its mean, and is never rounded to nothing") {
  const auto text = [](double mean, double half_width) {
    return mean_text({2, 2, mean, mean, half_width, mean, mean});
  };
  CHECK(text(1.0 / 6, 2.04e-4) == "0.1667 ± 0.0002");
  CHECK(text(1.0 / 6, 5.83e-6) == "0.1667 ± 5.8e-06");
  CHECK(text(12.345, 0.5) == "12.35 ± 0.50");
  CHECK(text(1e-5, 2e-6) == "1.000e-05 ± 2.0e-06");
  CHECK(text(0.25, 0) == "0.2500 ± 0.0000");
  CHECK(text(0.25, std::numeric_limits<double>::quiet_NaN()) == "0.2500");
}

TEST_CASE("[text] short numbers keep four digits") {
  CHECK(short_number(1.0 / 6) == "0.1667");
  CHECK(short_number(0) == "0");
  CHECK(short_number(1) == "1.000");
  CHECK(short_number(12.345) == "12.35");
  CHECK(short_number(123456) == "123456");
  CHECK(short_number(1e-30) == "1.000e-30");
  CHECK(short_number(-0.25) == "-0.2500");
}
