#include <doctest/doctest.h>

#include "tests/experiments/tasks/series/series_fixture.hpp"

using namespace unroll;
using namespace unroll::series_test;

TEST_CASE("[series] bad tables are refused with one message that names the place") {
  struct Case {
    std::string text;
    const char* expected;
  };
  const std::string good = monthly(waves(60));
  const std::vector<Case> cases = {
      {"", "[csv] data.csv: is empty; expected a text"},
      {"month,x\n", "[csv] data.csv, line 1: the table has names of columns, but no rows"},
      {good + "2006-01,1,2\n",
       "[csv] data.csv, line 62: expected 2 fields, as the first line has, but found 3: is a separator or a "
       "quote "
       "missing, or one too many?"},
      {good + "2006-01,many\n",
       "[csv] data.csv, line 62, column \"x\": found \"many\"; expected a number; a value that is missing is "
       "an empty "
       "field, NA or nan"},
      {good + "2006-01,\"1,5\"\n",
       "[csv] data.csv, line 62, column \"x\": found \"1,5\"; expected a number, with a decimal point and no "
       "other "
       "separators"},
      {"month;x\n2001-01;1,5\n2001-02;2,5\n",
       "task.target: say which columns of data.csv to forecast; no column of numbers is left; there are "
       "month, x"},
      {good + "2006-01,inf\n",
       "data.csv, line 62, column \"x\": expected a finite number, found an infinite one: was something "
       "divided by 0?"},
      {"month,x,x\n2001-01,1,2\n",
       "[csv] data.csv, line 1: the columns 2 and 3 are both called \"x\": rename one of them"},
      {rows(std::vector<double>(60, 7)),
       "data.csv: the column \"x\" is 7 at each of the 36 steps to train on: there is nothing to forecast"},
      {rows(waves(6)),
       "data.csv: the series has 6 steps, 4 of them to train on, but one forecast takes 5: 4 of context "
       "(task.context), "
       "0 that differences look back (task.difference) and 1 ahead (task.horizon); take a smaller context, "
       "or more data"},
      {"x\nNA\nnan\n",
       "task.target: say which columns of data.csv to forecast; no column of numbers is left; there are x"},
      {"a,b\n1,2\n", "task.target: say which columns of data.csv to forecast; there are a, b"},
  };
  for (const Case& one : cases) CHECK(refusal(one.text) == one.expected);
  CHECK(refusal(good) == "(no error)");
}

TEST_CASE("[series] byte-order marks, CRLF, semicolons and empty last lines are no matter") {
  const std::string good = monthly(waves(60));
  std::string crlf, semicolons = good;
  for (const char c : good) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
  for (char& c : semicolons)
    if (c == ',') c = ';';
  for (const std::string& text : {"\xef\xbb\xbf" + good, crlf, semicolons, good + "\n\n"}) {
    const PreparedSeries series = prepared(text);
    CHECK(series.data().targets[0].values == prepared(good).data().targets[0].values);
    CHECK(series.data().axis.column == "month");
  }
}

TEST_CASE("[series] settings that fit no series are refused by their names") {
  struct Case {
    Settings settings;
    const char* expected;
  };
  const std::vector<Case> cases = {
      {{{"task.season", std::int64_t{36}}},
       "task.season: is 36 steps, but data.csv has 36 to train on: no season is there twice"},
      {{{"task.context", std::int64_t{50}}},
       "data.csv: the series has 60 steps, 36 of them to train on, but one forecast takes 51: 50 of context "
       "(task.context), 0 that differences look back (task.difference) and 1 ahead (task.horizon); take a "
       "smaller "
       "context, or more data"},
      {{{"task.horizon", std::int64_t{13}}},
       "data.csv: 12 steps to validate on (task.validation_fraction), but one forecast is of 13 "
       "(task.horizon)"},
      {{{"task.difference", integers({0})}}, "task.difference: expected lags of 1 step or more, found 0"},
      {{{"task.difference", integers({40})}},
       "data.csv: the series has 60 steps, 36 of them to train on, but one forecast takes 45: 4 of context "
       "(task.context), 40 that differences look back (task.difference) and 1 ahead (task.horizon); take a "
       "smaller "
       "context, or more data"},
      {{{"task.intervals", integers({80, 80})}},
       "task.intervals: expected one or more numbers, each above the one before"},
      {{{"task.intervals", integers({})}},
       "task.intervals: expected one or more numbers, each above the one before"},
      {{{"task.target", names({"y"})}},
       "task.target: data.csv: there is no column \"y\"; did you mean \"x\"?"},
      {{{"task.target", names({"x", "x"})}},
       "task.target: the column \"x\" of data.csv is named twice, or for two uses"},
      {{{"task.covariates", names({"x"})}},
       "task.target: say which columns of data.csv to forecast; no column of numbers is left; there are "
       "month, x"},
      {{{"task.time", word("day")}}, "task.time: data.csv: there is no column \"day\"; there are month, x"},
      {{{"task.strategy", word("recursive")}, {"task.covariates", names({"x"})}},
       "task.strategy: is recursive, but of \"x\" (task.covariates) nothing is known at the steps that later "
       "ones are "
       "forecast from: take direct, or task.known if it is known ahead"},
      {{{"task.validation_fraction", 0.0}},
       "task.validation_fraction: nothing to validate on: give a fraction above 0"},
      {{{"task.data", InputFile{}}},
       "task.data: the task series learns from a table: give it as task.data=FILE.csv"},
  };
  for (const Case& one : cases) CHECK(refusal(monthly(waves(60)), one.settings) == one.expected);
  std::vector<double> x = waves(60);
  CHECK(refusal(rows(x), {{"task.calendar", names({"year"})}}) ==
        "task.calendar: data.csv has no column of dates (task.time)");
  x[20] = 0;
  CHECK(refusal(rows(x), {{"task.transform", word("log")}}) ==
        "data.csv, line 22, column \"x\": task.transform=log takes numbers above 0, found 0");
}

TEST_CASE("[series] what is known ahead must be there, up to the last step that is forecast") {
  std::string text = "x,price\n";
  const std::vector<double> x = waves(60);
  for (std::size_t t = 0; t < x.size(); ++t) text += fmt::format("{},{}\n", x[t], t % 7);
  const Settings settings = {
      {"task.target", names({"x"})}, {"task.known", names({"price"})}, {"task.horizon", std::int64_t{2}}};
  CHECK(refusal(text, settings) == "(no error)");
  const PreparedSeries series = prepared(text, settings);
  CHECK_THROWS_WITH_AS(
      ModelForecaster(series, constant_answers({0, 0, 0, 0})).forecast({59}, 2),
      "data.csv: the column \"price\" (task.known) has no value at row 61, 2 ahead of row 59: what is "
      "known ahead stands in rows behind the last value of the target",
      DataError);
}
