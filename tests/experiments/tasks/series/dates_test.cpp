#include <doctest/doctest.h>

#include <numbers>

#include "experiments/tasks/series/calendar.hpp"
#include "experiments/tasks/series/dates.hpp"

using namespace unroll;

namespace {

std::vector<std::string> patterns(std::string_view text, DateOrder order = DateOrder::automatic) {
  std::vector<std::string> all;
  for (const DateForm& form : forms_of(text, order)) all.push_back(form.pattern);
  return all;
}

std::int64_t first_moment(std::string_view text, DateOrder order = DateOrder::automatic) {
  const std::vector<DateForm> forms = forms_of(text, order);
  REQUIRE(!forms.empty());
  return *parse_date(text, forms.front());
}

constexpr std::int64_t day = 86400;

}  // namespace

TEST_CASE("[series] the usual ways to write a date are one moment") {
  constexpr std::int64_t jan_31 = 1706659200;  // date -u -d 2024-01-31 +%s
  for (const char* text :
       {"2024-01-31", "2024/01/31", "20240131", "31.01.2024", "01/31/2024", "31/01/2024", "31-Jan-2024",
        "31 Jan 2024", "Jan 31, 2024", "2024-01-31T00:00", "2024-01-31 00:00:00", "2024-01-31T00:00:00.000Z",
        "2024-01-31T02:00:00+02:00", "2024-01-30T19:00-0500", "2024-01-31T01:00:00+01"}) {
    CAPTURE(text);
    CHECK(first_moment(text) == jan_31);
  }
  for (const char* text :
       {"2024-01", "2024/01", "01/2024", "Jan 2024", "Jan-2024", "2024", "2024Q1", "2024-Q1", "Q1 2024"}) {
    CAPTURE(text);
    CHECK(first_moment(text) == jan_31 - 30 * day);
  }
  CHECK(first_moment("2024.01.31") == jan_31);
  CHECK(first_moment("2024Q4") == first_moment("2024-10"));
  CHECK(first_moment("2024-W05") == first_moment("2024-01-29"));
  CHECK(first_moment("2020-W53") == first_moment("2020-12-28"));
  CHECK(first_moment("2021-W01") == first_moment("2021-01-04"));
  CHECK(first_moment("2025-W01") == first_moment("2024-12-30"));
  CHECK(first_moment("1749-01-01") == -6974035200);  // before 1970, and before any time zone's tables
}

TEST_CASE("[series] what is no date of the calendar, or of no known form, is none") {
  for (const char* text : {"",
                           "2023-02-29",
                           "2024-13-01",
                           "2024-00-10",
                           "31.04.2024",
                           "01.02.24",
                           "2024-1-",
                           "2024Q5",
                           "2024Q0",
                           "2024Q",
                           "Q1 24",
                           "2024-W00",
                           "2021-W53",
                           "2024-W5",
                           "13/2024",
                           "12",
                           "3.5",
                           "tomorrow",
                           "2024-01-31T25:00",
                           "2024-01-31T00:00:00.5",
                           "2024-01-31T00:00+99:00",
                           "2024-01-31x",
                           " 2024-01-31",
                           "20241301",
                           "-2024",
                           "2024-01-31T12:00Zx",
                           "2024-01 12:00",
                           "2012-012:00+14:00"}) {
    CAPTURE(text);
    CHECK(forms_of(text, DateOrder::automatic).empty());
  }
  CHECK(first_moment("2024-02-29") == first_moment("2024-03-01") - day);
}

TEST_CASE("[series] a date with slashes may begin with the day or the month; the setting tells") {
  CHECK(patterns("03/04/2024") == std::vector<std::string>{"%d/%m/%Y", "%m/%d/%Y"});
  CHECK(patterns("13/04/2024") == std::vector<std::string>{"%d/%m/%Y"});
  CHECK(patterns("03/04/2024", DateOrder::month_first) == std::vector<std::string>{"%m/%d/%Y"});
  CHECK(first_moment("03/04/2024", DateOrder::day_first) == first_moment("2024-04-03"));
  CHECK(first_moment("03/04/2024", DateOrder::month_first) == first_moment("2024-03-04"));
}

TEST_CASE("[series] writing a moment and reading it again is the moment, in every form") {
  for (const char* text : {"2024-02-29", "1999/12/31", "31.12.1999", "29 Feb 2024", "2024-02-29T23:59:59",
                           "2024-02-29 23:59", "2024-02-29T23:59:59Z", "20240229", "2024-02-29 23:59:59.000",
                           "2024-02-29T23:59:59.000Z", "0099-02-28"})
    for (const DateForm& form : forms_of(text, DateOrder::automatic)) {
      CAPTURE(form.pattern);
      const std::int64_t seconds = *parse_date(text, form);
      CHECK(format_date(seconds, form) == text);
      CHECK(*parse_date(format_date(seconds + 77 * day, form), form) == seconds + 77 * day);
    }
}

TEST_CASE("[series] a moment before or behind the years of four digits is none") {
  CHECK(format_date(first_moment("0000-01-01T00:30Z"), DateForm{"%Y-%m-%d", ""}) == "0000-01-01");
  CHECK(first_moment("9999-12-31T23:00-00:59") == first_moment("9999-12-31T23:59"));
  for (const char* text : {"0000-01-01T00:30+01:00", "9999-12-31T23:00-01:00"}) {
    CAPTURE(text);
    CHECK(forms_of(text, DateOrder::automatic).empty());
  }
}

TEST_CASE("[series] the calendar is the calendar") {
  const CalendarDay leap = calendar_day(first_moment("2024-12-31T13:14:15"));
  CHECK(leap.year == 2024);
  CHECK(leap.month == 12);
  CHECK(leap.day == 31);
  CHECK(leap.day_of_year == 365);
  CHECK(leap.days_in_month == 31);
  CHECK(leap.weekday == 2);  // a Tuesday
  CHECK(leap.second == 13 * 3600 + 14 * 60 + 15);
  CHECK(calendar_day(-1).second == day - 1);
  CHECK(calendar_day(-1).year == 1969);
  CHECK(calendar_phase("day", first_moment("2024-05-05T18:00")) == doctest::Approx(0.75));
  CHECK(calendar_phase("week", first_moment("2024-01-01")) == 0);  // a Monday
  CHECK(calendar_phase("week", first_moment("2024-01-07T12:00")) == doctest::Approx(6.5 / 7));
  CHECK(calendar_phase("month", first_moment("2023-02-15")) == doctest::Approx(0.5));
  CHECK(calendar_phase("year", first_moment("2023-07-02T12:00")) == doctest::Approx(0.5));
}
