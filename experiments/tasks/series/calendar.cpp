#include "experiments/tasks/series/calendar.hpp"

#include "experiments/tasks/series/dates.hpp"

namespace unroll {
namespace {

bool is_leap(std::int64_t year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

}  // namespace

std::vector<std::string> calendar_names() { return {"year", "month", "week", "day"}; }

double calendar_phase(std::string_view name, std::int64_t seconds) {
  const CalendarDay at = calendar_day(seconds);
  const double of_day = static_cast<double>(at.second) / double{seconds_per_day};
  if (name == "year") return (at.day_of_year + of_day) / (is_leap(at.year) ? 366 : 365);
  if (name == "month") return (at.day - 1 + of_day) / at.days_in_month;
  if (name == "week") return ((at.weekday + 6) % 7 + of_day) / 7;
  return of_day;
}

}  // namespace unroll
