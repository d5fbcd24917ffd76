#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace unroll {

inline constexpr std::int64_t seconds_per_day = 86400;

/// How the days and months of dates with slashes or dots stand: "31.01.2024", "01/31/2024".
enum class DateOrder { automatic, day_first, month_first };

/// How a column writes its dates.
struct DateForm {
  std::string pattern;     ///< as strptime reads and strftime writes it: "%Y-%m-%d"; %q: the quarter
  std::string name;        ///< for people: "2024-01-31"
  bool zoned = false;      ///< an offset from UTC follows: "Z", "+02:00"
  bool fractions = false;  ///< seconds have decimals, all of them 0

  bool operator==(const DateForm&) const = default;
  bool has(std::string_view directive) const { return pattern.find(directive) != std::string::npos; }
  bool has_weeks() const { return has("%V"); }
};

/// A moment as seconds since 1970-01-01T00:00:00, in UTC where the form has zones and in the file's own clock
/// where it has none. None for a text of another form, or no day of the calendar.
std::optional<std::int64_t> parse_date(std::string_view text, const DateForm& form);

/// The forms that a text may be of, the likeliest first: ISO 8601 (2024-01-31, 2024-01, 20240131,
/// 2024-01-31T12:00, ...:00Z, ...+02:00), 2024/01/31, 31.01.2024, 01/31/2024, 31/01/2024, 31-Jan-2024,
/// Jan 2024, 01/2024, 2024, quarters (2024Q1, Q1 2024), weeks (2024-W05, their Monday). `order` decides
/// between the last of these that a text may both be.
std::vector<DateForm> forms_of(std::string_view text, DateOrder order);

/// A moment in a form; of one with zones in UTC, "Z".
std::string format_date(std::int64_t seconds, const DateForm& form);

/// A moment's place in the calendar.
struct CalendarDay {
  std::int64_t year;
  int month, day;       ///< from 1
  int weekday;          ///< 0: Sunday
  int day_of_year;      ///< from 0
  std::int64_t second;  ///< of the day
  int days_in_month;
};
CalendarDay calendar_day(std::int64_t seconds);

}  // namespace unroll
