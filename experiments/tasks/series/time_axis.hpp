#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/data/formats/csv_table.hpp"
#include "experiments/tasks/series/dates.hpp"

namespace unroll {

/// The steps of a series in time, at equal distances or where the rows of a table are.
struct TimeAxis {
  enum class Kind {
    rows,     ///< no column says so: steps are counted from 1
    numbers,  ///< whole numbers
    seconds,  ///< dates so many seconds apart
    months    ///< dates so many months apart, on one day of the month, or each on its last
  };

  Kind kind = Kind::rows;
  std::string column = {};
  DateForm form = {};
  std::int64_t first = 1;   ///< the number, or the seconds, of step 0
  std::int64_t step = 1;    ///< numbers, seconds or months between two steps
  bool month_ends = false;  ///< dates are the last days of their months
  /// Of rows that are taken as they follow: the number, or the seconds, of each step.
  std::vector<std::int64_t> rows = {};
  /// Days of the week, from Sunday, on which behind those rows there is a step: those that have one.
  std::array<bool, 7> weekdays = {true, true, true, true, true, true, true};

  bool has_dates() const { return kind == Kind::seconds || kind == Kind::months; }
  /// Step n, also beyond the last one, as the file would write it.
  std::string label(std::int64_t n) const;
  /// The same as a number, or as seconds.
  std::int64_t moment(std::int64_t n) const;

 private:
  /// So many steps behind a moment.
  std::int64_t behind(std::int64_t moment, std::int64_t n) const;
};

/// What is done where a step has no row.
enum class Gaps {
  fill,   ///< a row without values is put in
  skip,   ///< rows are taken as steps, one after the other
  refuse  ///< an error
};

/// What is done with several rows of one time.
enum class Duplicates {
  refuse,  ///< an error
  mean,    ///< their mean, in each column of the values that are there
  first,   ///< the first value that is there
  last     ///< the last
};

/// How a column of time is read.
struct TimeRules {
  DateOrder dates = DateOrder::automatic;
  Gaps gaps = Gaps::fill;
  Duplicates duplicates = Duplicates::refuse;
};

/// A column of dates or numbers, and which step each row is.
struct ReadAxis {
  TimeAxis axis;
  std::vector<std::int64_t> steps;  ///< by row, rising from 0; rows of one time are one step
  std::int64_t length = 0;          ///< steps: times with rows, and those put in
  std::string note;  ///< for people: "every month from 1949-01 to 1960-12; 3 steps without a row"
};

/// `column`: its name; empty: the first one that begins with a date, or that is called as one and holds whole
/// numbers; none of these: rows are counted. Throws DataError, with file, line and column, for a column that
/// is not there, a text that is no date, one of another form than those before it, a moment that
/// comes before that of the row above, steps that no common distance fits, and duplicates and gaps where they
/// are refused.
ReadAxis read_time_axis(const CsvTable& table, const std::string& column, const TimeRules& rules);

/// What a step is called: "month", "day", "2 hours".
std::string step_name(const TimeAxis& axis);

}  // namespace unroll
