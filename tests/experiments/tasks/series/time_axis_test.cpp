#include <doctest/doctest.h>

#include "tests/experiments/tasks/series/series_fixture.hpp"
#include "tests/support/error_of.hpp"

using namespace unroll;
using namespace unroll::series_test;

namespace {

ReadAxis axis_of(const std::vector<std::string>& times, const TimeRules& rules = {}) {
  std::string text = "when,x\n";
  for (const std::string& time : times) text += time + ",1\n";
  return read_time_axis(read_csv(text, "t.csv"), "when", rules);
}

std::string axis_refusal(const std::vector<std::string>& times, const TimeRules& rules = {}) {
  return error_of<DataError>([&] { axis_of(times, rules); });
}

}  // namespace

TEST_CASE("[series] steps are found, and time goes on behind the last row as the file writes it") {
  const auto check = [](const std::vector<std::string>& times, const std::string& step,
                        const std::string& next) {
    CAPTURE(times.front());
    const ReadAxis read = axis_of(times);
    CHECK(step_name(read.axis) == step);
    for (std::size_t row = 0; row < times.size(); ++row)
      CHECK(read.axis.label(read.steps[row]) == times[row]);
    CHECK(read.axis.label(read.length) == next);
  };
  check({"2024-01", "2024-02", "2024-03"}, "month", "2024-04");
  check({"2023-10-31", "2023-11-30", "2023-12-31", "2024-01-31"}, "month", "2024-02-29");
  check({"2023-10-15", "2024-01-15", "2024-04-15"}, "3 months", "2024-07-15");
  check({"1749", "1750", "1751"}, "year", "1752");
  check({"2023Q3", "2023Q4", "2024Q1"}, "3 months", "2024Q2");
  check({"2020-W52", "2020-W53", "2021-W01"}, "7 days", "2021-W02");
  check({"0024-W05", "0024-W06"}, "7 days", "0024-W07");
  check({"11/2023", "12/2023"}, "month", "01/2024");
  check({"2024-02-27", "2024-02-28"}, "day", "2024-02-29");
  check({"01.01.2024", "08.01.2024", "15.01.2024"}, "7 days", "22.01.2024");
  check({"2024-01-01T22:00Z", "2024-01-01T23:00Z"}, "hour", "2024-01-02T00:00Z");
  check({"2024-01-01 00:00:00", "2024-01-01 00:15:00"}, "15 minutes", "2024-01-01 00:30:00");
  check({"5", "7", "9"}, "2 numbers", "11");
}

TEST_CASE("[series] offsets from UTC are one clock; summer time leaves no gap") {
  const ReadAxis read =
      axis_of({"2024-03-31T01:00+01:00", "2024-03-31T03:00+02:00", "2024-03-31T04:00+02:00"});
  CHECK(read.length == 3);
  CHECK(read.axis.label(3) == "2024-03-31T03:00Z");
  CHECK(read.note.find("converted to UTC") != std::string::npos);
  // The same clock without offsets jumps.
  CHECK(axis_of({"2024-03-31T00:00", "2024-03-31T01:00", "2024-03-31T03:00"}).length == 4);
}

TEST_CASE("[series] gaps are filled, skipped or refused, and said") {
  const std::vector<std::string> times = {"2024-01-01", "2024-01-02", "2024-01-05", "2024-01-06"};
  const ReadAxis filled = axis_of(times);
  CHECK(filled.steps == std::vector<std::int64_t>{0, 1, 4, 5});
  CHECK(filled.length == 6);
  CHECK(filled.note.find("2 of 6 steps have no row") != std::string::npos);
  const ReadAxis skipped = axis_of(times, {.gaps = Gaps::skip});
  CHECK(skipped.steps == std::vector<std::int64_t>{0, 1, 2, 3});
  for (std::int64_t row = 0; row < 4; ++row)
    CHECK(skipped.axis.label(row) == times[static_cast<std::size_t>(row)]);
  CHECK(skipped.axis.label(4) == "2024-01-07");
  CHECK(axis_refusal(times, {.gaps = Gaps::refuse}) ==
        "t.csv, line 4, column \"when\": found \"2024-01-05\"; 2 steps of day are missing between it and "
        "\"2024-01-02\" "
        "on line 3; task.gaps=fill puts in rows without values (up to 4 for each that is there), skip takes "
        "the rows as "
        "they follow");
  CHECK(axis_refusal({"2024-01-01", "2024-01-02", "2034-01-03"}).find("are missing between") !=
        std::string::npos);
}

TEST_CASE(
    "[series] rows taken as they follow keep their times, and days of the week that have none go on "
    "without") {
  // Three weeks from Monday to Friday, and two days of the next.
  std::vector<std::string> days;
  for (const int day : {1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 15, 16, 17, 18, 19, 22, 23, 25})
    days.push_back(fmt::format("2024-01-{:02}", day));  // the 24th is a holiday
  const TimeAxis axis = axis_of(days, {.gaps = Gaps::skip}).axis;
  for (std::size_t row = 0; row < days.size(); ++row)
    CHECK(axis.label(static_cast<std::int64_t>(row)) == days[row]);
  CHECK(axis.label(18) == "2024-01-26");
  CHECK(axis.label(19) == "2024-01-29");  // behind Friday comes Monday
  CHECK(axis.label(24) == "2024-02-05");
  CHECK(axis_of({"2024-01-04", "2024-01-05"}, {.gaps = Gaps::skip}).axis.label(2) == "2024-01-06");
  const TimeAxis months = axis_of({"2024-01-31", "2024-02-29", "2024-05-31"}, {.gaps = Gaps::skip}).axis;
  CHECK(months.label(2) == "2024-05-31");
  CHECK(months.label(3) == "2024-06-30");
  const TimeAxis numbers = axis_of({"3", "5", "11"}, {.gaps = Gaps::skip}).axis;
  CHECK(numbers.label(1) == "5");
  CHECK(numbers.label(3) == "13");
}

TEST_CASE("[series] rows of one time are one step where that is asked for, and said") {
  const std::vector<std::string> times = {"2024-01-01", "2024-01-01", "2024-01-03",
                                          "2024-01-04", "2024-01-04", "2024-01-04"};
  const ReadAxis merged = axis_of(times, {.duplicates = Duplicates::mean});
  CHECK(merged.steps == std::vector<std::int64_t>{0, 0, 2, 3, 3, 3});
  CHECK(merged.length == 4);
  CHECK(merged.note ==
        "column \"when\": every day from 2024-01-01 to 2024-01-04; 1 of 4 steps have no row and are missing; "
        "3 of 6 rows have the time of the row above them");
  const ReadAxis skipped = axis_of(times, {.gaps = Gaps::skip, .duplicates = Duplicates::last});
  CHECK(skipped.steps == std::vector<std::int64_t>{0, 0, 1, 2, 2, 2});
  CHECK(skipped.axis.label(3) == "2024-01-05");
  CHECK(axis_refusal(times, {.gaps = Gaps::refuse, .duplicates = Duplicates::mean})
            .starts_with("t.csv, line 4, column \"when\": found \"2024-01-03\"; 1 steps of day are missing"));
  const ReadAxis months =
      axis_of({"2024-01", "2024-01", "2024-03", "2024-05"}, {.duplicates = Duplicates::first});
  CHECK(months.axis.step == 2);
  CHECK(axis_of({"7", "7"}, {.duplicates = Duplicates::mean}).length == 1);
  CHECK(axis_refusal({"2", "2", "1"}, {.duplicates = Duplicates::mean}).find("sort the rows") !=
        std::string::npos);
}

TEST_CASE("[series] bad columns of time are refused with their place") {
  struct Case {
    std::vector<std::string> times;
    const char* expected;
  };
  const std::vector<Case> cases = {
      {{"2024-01-02", "2024-01-01"},
       "t.csv, line 3, column \"when\": found \"2024-01-01\"; it is before \"2024-01-02\" on line 2: sort "
       "the rows by "
       "time, the oldest first"},
      {{"2024-01-01", "2024-01-01"},
       "t.csv, line 3, column \"when\": found \"2024-01-01\"; line 2 has the same time: a series has one "
       "value for a time; "
       "remove one of them, or say task.duplicates=mean, first or last (an hour that clocks repeat in autumn "
       "needs dates with an "
       "offset, +02:00)"},
      {{"2024-01-01", "02.01.2024"},
       "t.csv, line 3, column \"when\": found \"02.01.2024\"; it is a date as 31.01.2024, but the rows above "
       "it are as "
       "2024-01-31: write all dates in one form"},
      {{"2024-01-01", "soon"},
       "t.csv, line 3, column \"when\": found \"soon\"; expected a date as 2024-01-31, the form of the rows "
       "above it"},
      {{"2024-01-01", ""}, "t.csv, line 3, column \"when\": found \"\"; expected a date in every row"},
      {{"2024-01-01", "2024-02-30"},
       "t.csv, line 3, column \"when\": found \"2024-02-30\"; expected a date as 2024-01-31, the form of the "
       "rows above "
       "it"},
      {{"2024-01-01T00:00", "2024-01-01T01:00Z"},
       "t.csv, line 3, column \"when\": found \"2024-01-01T01:00Z\"; it is a date as 2024-01-31T12:00Z, but "
       "the rows above "
       "it are as 2024-01-31T12:00: write all dates in one form"},
      {{"03/04/2024", "03/05/2024"},
       "t.csv, line 2, column \"when\": found \"03/04/2024\"; the dates may begin with the day or with the "
       "month, and no "
       "row tells; say task.dates=day_first or month_first"},
      {{"1", "2", "x"},
       "t.csv, line 4, column \"when\": found \"x\"; expected a date (2024-01-31, 2024-01-31T12:00Z, "
       "31.01.2024, Jan "
       "2024, ...) or a whole number"},
      {{"2024-01-01T00:00", "2024-01-01T01:00", "2024-01-01T02:30"},
       "t.csv, line 4, column \"when\": found \"2024-01-01T02:30\"; it is no whole number of steps of hour "
       "after "
       "\"2024-01-01T00:00\" on line 2: make the rows equally far apart, or take them as they follow each "
       "other, "
       "task.gaps=skip"},
  };
  for (const Case& one : cases) CHECK(axis_refusal(one.times) == one.expected);
}
