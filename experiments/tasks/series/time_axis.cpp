#include "experiments/tasks/series/time_axis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <optional>

#include "experiments/config/text.hpp"
#include "experiments/data/data_error.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

constexpr std::array<std::string_view, 9> called_as_time = {"date", "time", "datetime", "timestamp", "month",
                                                            "year", "day",  "ds",       "week"};
/// More rows put in than there are would be a series that is mostly guessed.
constexpr std::int64_t most_filled = 4;

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  return text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  constexpr std::int64_t most = std::int64_t{1} << 53;
  if (error != std::errc() || end != text.data() + text.size() || value > most || value < -most)
    return std::nullopt;
  return value;
}

std::string lower(std::string_view text) {
  std::string all(text);
  for (char& c : all)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return all;
}

/// Months since year 0.
std::int64_t month_of(std::int64_t seconds) {
  const CalendarDay at = calendar_day(seconds);
  return at.year * 12 + at.month - 1;
}

std::int64_t moment_in(std::int64_t month, int day_of_month, std::int64_t second, bool month_ends) {
  using namespace std::chrono;
  const auto floor_year = (month >= 0 ? month : month - 11) / 12;
  const auto y = std::chrono::year(static_cast<int>(floor_year));
  const auto m = std::chrono::month(static_cast<unsigned>(month - floor_year * 12 + 1));
  const year_month_day_last end(y / m / last);
  const int length = static_cast<int>(static_cast<unsigned>(end.day()));
  const int in_month = month_ends ? length : std::min(day_of_month, length);
  const sys_days date(y / m / std::chrono::day(static_cast<unsigned>(in_month)));
  return date.time_since_epoch().count() * seconds_per_day + second;
}

class TimeReader {
 public:
  TimeReader(const CsvTable& table, std::size_t column, const TimeRules& rules)
      : table_(table), column_(column), rules_(rules) {}

  ReadAxis read() {
    read_places();
    check_order();
    find_step();
    return number_steps();
  }

 private:
  std::string_view field(std::size_t row) const { return trimmed(table_.field(row, column_)); }

  [[noreturn]] void fail(std::size_t row, const std::string& what) const {
    throw DataError(fmt::format("{}, line {}, column \"{}\": found \"{}\"; {}", table_.file,
                                table_.lines[row], printable(table_.names[column_]), printable(field(row)),
                                what));
  }

  /// Numbers, or moments of the first form that fits all rows.
  void read_places() {
    axis_.column = table_.names[column_];
    std::vector<DateForm> forms = forms_of(field(0), rules_.dates);
    if (forms.empty()) return read_numbers();
    axis_.kind = TimeAxis::Kind::seconds;
    for (std::size_t row = 0; row < table_.rows(); ++row) {
      const std::vector<DateForm> before = forms;
      std::erase_if(forms, [&](const DateForm& form) { return !parse_date(field(row), form); });
      if (forms.empty()) refuse_form(row, before.front());
    }
    check_ambiguity(forms);
    axis_.form = forms.front();
    for (std::size_t row = 0; row < table_.rows(); ++row)
      places_.push_back(*parse_date(field(row), axis_.form));
  }

  void refuse_form(std::size_t row, const DateForm& form) const {
    if (field(row).empty()) fail(row, "expected a date in every row");
    const std::vector<DateForm> own = forms_of(field(row), rules_.dates);
    if (own.empty())
      fail(row, fmt::format("expected a date as {}, the form of the rows above it", form.name));
    fail(row, fmt::format("it is a date as {}, but the rows above it are as {}: write all dates in one form",
                          own.front().name, form.name));
  }

  /// 03/04/2024 in every row may be of March or of April.
  void check_ambiguity(const std::vector<DateForm>& forms) const {
    const auto has = [&](std::string_view start) {
      return std::ranges::any_of(forms,
                                 [&](const DateForm& form) { return form.pattern.starts_with(start); });
    };
    if (rules_.dates == DateOrder::automatic && has("%d/%m/%Y") && has("%m/%d/%Y"))
      fail(0,
           "the dates may begin with the day or with the month, and no row tells; say task.dates=day_first "
           "or month_first");
  }

  void read_numbers() {
    axis_.kind = TimeAxis::Kind::numbers;
    for (std::size_t row = 0; row < table_.rows(); ++row) {
      const std::optional<std::int64_t> number = whole_number(field(row));
      if (!number)
        fail(row,
             "expected a date (2024-01-31, 2024-01-31T12:00Z, 31.01.2024, Jan 2024, ...) or a whole number");
      places_.push_back(*number);
    }
  }

  void check_order() const {
    for (std::size_t row = 1; row < places_.size(); ++row) {
      if (places_[row] > places_[row - 1]) continue;
      if (is_duplicate(row) && rules_.duplicates != Duplicates::refuse) continue;
      if (is_duplicate(row))
        fail(row,
             fmt::format("line {} has the same time: a series has one value for a time; remove one of them, "
                         "or say task.duplicates=mean, first or last{}",
                         table_.lines[row - 1],
                         axis_.has_dates() && !axis_.form.zoned
                             ? " (an hour that clocks repeat in autumn needs dates with an offset, +02:00)"
                             : ""));
      fail(row, fmt::format("it is before \"{}\" on line {}: sort the rows by time, the oldest first",
                            printable(field(row - 1)), table_.lines[row - 1]));
    }
  }

  bool is_duplicate(std::size_t row) const { return row > 0 && places_[row] == places_[row - 1]; }

  void find_step() {
    axis_.first = places_.front();
    moments_ = places_;
    if (axis_.has_dates() && are_months()) return use_months();
    std::int64_t least = 0;
    for (std::size_t row = 1; row < places_.size(); ++row) {
      const std::int64_t apart = places_[row] - places_[row - 1];
      if (apart > 0 && (least == 0 || apart < least)) least = apart;
    }
    axis_.step = std::max<std::int64_t>(least, 1);
  }

  /// On one day of each month and at one time, or each on the last one.
  bool are_months() {
    if (axis_.form.has_weeks() || (places_.size() < 2 && axis_.form.has("%d"))) return false;
    const CalendarDay begin = calendar_day(axis_.first);
    bool same_day = true, ends = true;
    for (const std::int64_t place : places_) {
      const CalendarDay at = calendar_day(place);
      if (at.second != begin.second) return false;
      same_day = same_day && at.day == begin.day;
      ends = ends && at.day == at.days_in_month;
    }
    axis_.month_ends = ends && !same_day;
    return same_day || ends;
  }

  void use_months() {
    axis_.kind = TimeAxis::Kind::months;
    for (std::int64_t& place : places_) place = month_of(place);
    axis_.step = 0;
    for (std::size_t row = 1; row < places_.size(); ++row)
      axis_.step = std::gcd(axis_.step, places_[row] - places_[row - 1]);
    if (axis_.step == 0)
      axis_.step = axis_.form.has("%q") ? 3 : axis_.form.has("%m") || axis_.form.has("%b") ? 1 : 12;
  }

  ReadAxis number_steps() {
    ReadAxis read;
    std::int64_t filled = 0, times = 0;
    std::size_t first_gap = 0;
    for (std::size_t row = 0; row < places_.size(); ++row) {
      const std::int64_t away = places_[row] - places_.front();
      if (!skips() && away % axis_.step != 0) fail(row, uneven());
      if (!is_duplicate(row)) ++times;
      read.steps.push_back(skips() ? times - 1 : away / axis_.step);
      if (row == 0 || is_duplicate(row)) continue;
      const std::int64_t missing = read.steps[row] - read.steps[row - 1] - 1;
      if (missing > 0 && filled == 0) first_gap = row;
      filled += missing;
    }
    if (filled > 0 && rules_.gaps == Gaps::refuse) fail(first_gap, gap(read, first_gap));
    if (filled > most_filled * times) fail(first_gap, gap(read, first_gap));
    read.length = read.steps.back() + 1;
    read.axis = axis_;
    if (skips()) keep_rows(read.axis);
    read.note = note(read, filled, std::ssize(places_) - times);
    return read;
  }

  bool skips() const { return rules_.gaps == Gaps::skip; }

  /// Each with its own time. Of two weeks and more of single days, days of the week without a row have none
  /// later.
  void keep_rows(TimeAxis& axis) const {
    for (std::size_t row = 0; row < moments_.size(); ++row)
      if (!is_duplicate(row)) axis.rows.push_back(moments_[row]);
    constexpr std::int64_t two_weeks = 14 * seconds_per_day;
    if (axis.kind != TimeAxis::Kind::seconds || axis.step != seconds_per_day ||
        moments_.back() - moments_.front() < two_weeks)
      return;
    axis.weekdays = {};
    for (const std::int64_t moment : axis.rows)
      axis.weekdays[static_cast<std::size_t>(calendar_day(moment).weekday)] = true;
  }

  std::string uneven() const {
    return fmt::format(
        "it is no whole number of steps of {} after \"{}\" on line {}: make the rows equally far apart, or "
        "take them as they follow each other, task.gaps=skip",
        step_name(axis_), printable(field(0)), table_.lines[0]);
  }

  std::string gap(const ReadAxis& read, std::size_t row) const {
    return fmt::format(
        "{} steps of {} are missing between it and \"{}\" on line {}; task.gaps=fill puts in rows "
        "without values (up to {} for each that is there), skip takes the rows as they follow",
        read.steps[row] - read.steps[row - 1] - 1, step_name(axis_), printable(field(row - 1)),
        table_.lines[row - 1], most_filled);
  }

  std::string note(const ReadAxis& read, std::int64_t filled, std::int64_t duplicates) const {
    std::string text =
        fmt::format("column \"{}\": every {} from {} to {}", printable(axis_.column), step_name(axis_),
                    printable(field(0)), printable(field(places_.size() - 1)));
    if (skips())
      text = fmt::format("column \"{}\": from {} to {}, rows taken as they follow", printable(axis_.column),
                         printable(field(0)), printable(field(places_.size() - 1)));
    if (axis_.form.zoned) text += ", converted to UTC";
    if (axis_.kind == TimeAxis::Kind::seconds && !axis_.form.zoned && axis_.step % seconds_per_day != 0)
      text += ", times without a zone taken as they stand";
    if (filled > 0) text += fmt::format("; {} of {} steps have no row and are missing", filled, read.length);
    if (duplicates > 0)
      text += fmt::format("; {} of {} rows have the time of the row above them", duplicates, places_.size());
    return text;
  }

  const CsvTable& table_;
  std::size_t column_;
  TimeRules rules_;
  TimeAxis axis_;
  std::vector<std::int64_t> places_;   ///< by row: numbers, seconds or months
  std::vector<std::int64_t> moments_;  ///< by row: numbers or seconds
};

std::optional<std::size_t> time_column(const CsvTable& table, const std::string& name, DateOrder order) {
  if (!name.empty()) {
    const auto found = std::ranges::find(table.names, name);
    if (found != table.names.end()) return static_cast<std::size_t>(found - table.names.begin());
    const std::string guess = did_you_mean(name, table.names);
    throw DataError(
        fmt::format("task.time: {}: there is no column \"{}\"{}", table.file, printable(name),
                    guess.empty() ? "; there are " + printable(joined(table.names, ", ")) : guess));
  }
  for (std::size_t c = 0; c < table.names.size(); ++c) {
    const std::string_view first = trimmed(table.field(0, c));
    const bool is_called = std::ranges::find(called_as_time, lower(table.names[c])) != called_as_time.end();
    if (is_called || (!is_csv_number(first) && !forms_of(first, order).empty())) return c;
  }
  return std::nullopt;
}

}  // namespace

std::string TimeAxis::label(std::int64_t n) const {
  return has_dates() ? format_date(moment(n), form) : fmt::format("{}", moment(n));
}

std::int64_t TimeAxis::moment(std::int64_t n) const {
  if (rows.empty()) return behind(first, n);
  if (n < std::ssize(rows)) return rows[static_cast<std::size_t>(n)];
  return behind(rows.back(), n - std::ssize(rows) + 1);
}

std::int64_t TimeAxis::behind(std::int64_t moment, std::int64_t n) const {
  if (kind == Kind::months) {
    const CalendarDay begin = calendar_day(moment);
    return moment_in(month_of(moment) + n * step, begin.day, begin.second, month_ends);
  }
  if (std::ranges::find(weekdays, false) == weekdays.end()) return moment + n * step;
  while (n > 0) {
    moment += step;
    n -= weekdays[static_cast<std::size_t>(calendar_day(moment).weekday)] ? 1 : 0;
  }
  return moment;
}

ReadAxis read_time_axis(const CsvTable& table, const std::string& column, const TimeRules& rules) {
  if (const auto found = time_column(table, column, rules.dates))
    return TimeReader(table, *found, rules).read();
  ReadAxis rows;
  rows.steps.resize(table.rows());
  std::iota(rows.steps.begin(), rows.steps.end(), 0);
  rows.length = std::ssize(rows.steps);
  rows.note = "no column of dates: rows are steps";
  return rows;
}

std::string step_name(const TimeAxis& axis) {
  const auto several = [](std::int64_t n, std::string_view what) {
    return n == 1 ? std::string(what) : fmt::format("{} {}s", n, what);
  };
  if (axis.kind == TimeAxis::Kind::rows) return "row";
  if (axis.kind == TimeAxis::Kind::numbers) return several(axis.step, "number");
  if (axis.kind == TimeAxis::Kind::months)
    return axis.step % 12 == 0 ? several(axis.step / 12, "year") : several(axis.step, "month");
  if (axis.step % seconds_per_day == 0) return several(axis.step / seconds_per_day, "day");
  if (axis.step % 3600 == 0) return several(axis.step / 3600, "hour");
  return axis.step % 60 == 0 ? several(axis.step / 60, "minute") : several(axis.step, "second");
}

}  // namespace unroll
