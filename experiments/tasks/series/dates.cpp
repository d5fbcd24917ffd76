#include "experiments/tasks/series/dates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>

// strptime and strftime are the system's; their names of months are English ones, as in the "C" locale that
// the program stays in. Days are counted by std::chrono. Quarters (%q) and weeks (%G-W%V) are read and
// written here.

namespace unroll {
namespace {

struct KnownForm {
  const char* pattern;
  const char* name;
};

constexpr std::array day_forms = {
    KnownForm{"%Y-%m-%d", "2024-01-31"},    KnownForm{"%Y/%m/%d", "2024/01/31"},
    KnownForm{"%Y.%m.%d", "2024.01.31"},    KnownForm{"%Y-%m", "2024-01"},
    KnownForm{"%Y/%m", "2024/01"},          KnownForm{"%m/%Y", "01/2024"},
    KnownForm{"%YQ%q", "2024Q1"},           KnownForm{"%Y-Q%q", "2024-Q1"},
    KnownForm{"Q%q %Y", "Q1 2024"},         KnownForm{"%G-W%V", "2024-W05"},
    KnownForm{"%d-%b-%Y", "31-Jan-2024"},   KnownForm{"%d %b %Y", "31 Jan 2024"},
    KnownForm{"%b %d, %Y", "Jan 31, 2024"}, KnownForm{"%b %Y", "Jan 2024"},
    KnownForm{"%b-%Y", "Jan-2024"}};
constexpr KnownForm dotted = {"%d.%m.%Y", "31.01.2024"};
constexpr KnownForm day_first = {"%d/%m/%Y", "31/01/2024"}, month_first = {"%m/%d/%Y", "01/31/2024"};
constexpr KnownForm basic = {"%Y%m%d", "20240131"}, year = {"%Y", "2024"};

constexpr std::array<KnownForm, 4> clocks = {
    {{"T%H:%M:%S", "T12:00:00"}, {"T%H:%M", "T12:00"}, {" %H:%M:%S", " 12:00:00"}, {" %H:%M", " 12:00"}}};

/// Of the years that have four digits, 0 to 9999.
constexpr std::int64_t first_moment =
    std::chrono::sys_seconds(std::chrono::sys_days(std::chrono::year(0) / 1 / 1)).time_since_epoch().count();
constexpr std::int64_t last_moment =
    std::chrono::sys_seconds(std::chrono::sys_days(std::chrono::year(10000) / 1 / 1))
        .time_since_epoch()
        .count() -
    1;

bool all_digits(std::string_view text, std::size_t first, std::size_t count) {
  return text.size() >= first + count &&
         std::ranges::all_of(text.substr(first, count), [](char c) { return c >= '0' && c <= '9'; });
}

/// Whether a run of digits is as long as a year, or a day without separators: strptime takes "5" for a year.
bool has_whole_year(std::string_view text) {
  std::size_t run = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && all_digits(text, i, 1)) {
      ++run;
      continue;
    }
    if (run == 4 || run == 8) return true;
    run = 0;
  }
  return false;
}

/// "+02:00", "+0200", "-05", "Z" at the end, as seconds; cut off.
std::optional<std::int64_t> take_zone(std::string_view& text) {
  if (text.ends_with('Z') || text.ends_with('z')) {
    text.remove_suffix(1);
    return 0;
  }
  const std::size_t clock = text.find(':');
  if (clock == std::string_view::npos) return std::nullopt;
  const std::size_t at = text.find_first_of("+-", clock);
  if (at == std::string_view::npos) return std::nullopt;
  std::string digits;
  for (const char c : text.substr(at + 1))
    if (c != ':') digits += c;
  if ((digits.size() != 2 && digits.size() != 4) || !all_digits(digits, 0, digits.size()))
    return std::nullopt;
  digits.resize(4, '0');
  const std::int64_t hours = std::stoi(digits.substr(0, 2)), minutes = std::stoi(digits.substr(2));
  if (hours > 14 || minutes > 59) return std::nullopt;
  const std::int64_t sign = text[at] == '-' ? -1 : 1;
  text = text.substr(0, at);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return sign * (3600 * hours + 60 * minutes);
}

/// ".000" behind the seconds; cut off. None for one that is not 0.
bool take_fraction(std::string_view& text) {
  const std::size_t at = text.rfind('.');
  if (at == std::string_view::npos || text.substr(at + 1).find_first_not_of('0') != std::string_view::npos)
    return false;
  text = text.substr(0, at);
  return true;
}

/// A digit of a quarter, behind the only Q, as the two of its first month; false where there is none.
bool month_for_quarter(std::string& text) {
  const std::size_t at = text.find('Q') + 1;
  if (at == 0 || at >= text.size() || text[at] < '1' || text[at] > '4') return false;
  text.replace(at, 1, fmt::format("{:02}", 3 * (text[at] - '0') - 2));
  return true;
}

/// The Monday of "2024-W05": week 1 has the year's first Thursday (ISO 8601).
std::optional<std::int64_t> week_start(std::string_view text) {
  using namespace std::chrono;
  if (text.size() != 8 || text.substr(4, 2) != "-W" || !all_digits(text, 0, 4) || !all_digits(text, 6, 2))
    return std::nullopt;
  const std::chrono::year wanted(std::stoi(std::string(text.substr(0, 4))));
  const sys_days first_thursday(wanted / January / Thursday[1]);
  const sys_days thursday = first_thursday + weeks(std::stoi(std::string(text.substr(6))) - 1);
  if (year_month_day(thursday).year() != wanted) return std::nullopt;
  return (thursday - days(3)).time_since_epoch().count() * seconds_per_day;
}

std::optional<std::int64_t> seconds_of(const std::tm& time) {
  using namespace std::chrono;
  const year_month_day day{std::chrono::year(time.tm_year + 1900),
                           month(static_cast<unsigned>(time.tm_mon + 1)),
                           std::chrono::day(static_cast<unsigned>(time.tm_mday))};
  if (!day.ok()) return std::nullopt;
  return sys_days(day).time_since_epoch().count() * seconds_per_day + time.tm_hour * 3600 + time.tm_min * 60 +
         time.tm_sec;
}

std::optional<std::int64_t> calendar_moment(std::string text, std::string pattern) {
  if (const std::size_t quarter = pattern.find("%q"); quarter != std::string::npos) {
    if (!month_for_quarter(text)) return std::nullopt;
    pattern[quarter + 1] = 'm';
  }
  std::tm time{};
  time.tm_mday = 1;
  const char* end = ::strptime(text.c_str(), pattern.c_str(), &time);
  if (!end || *end != '\0' || end != text.c_str() + text.size()) return std::nullopt;
  return seconds_of(time);
}

void add_if(std::string_view text, const DateForm& form, std::vector<DateForm>& all) {
  if (parse_date(text, form)) all.push_back(form);
}

/// The form alone and, where it has a day, with a clock, a zone, and decimals behind it.
void add_all(std::string_view text, const KnownForm& day, std::vector<DateForm>& all) {
  add_if(text, {day.pattern, day.name}, all);
  if (std::string_view(day.pattern).find("%d") == std::string_view::npos) return;
  for (const KnownForm& clock : clocks) {
    const std::string pattern = std::string(day.pattern) + clock.pattern;
    const std::string name = std::string(day.name) + clock.name;
    for (const bool fractions : {false, true})
      for (const bool zoned : {false, true}) {
        if (fractions && !pattern.ends_with("%S")) continue;
        add_if(text, {pattern, name + (fractions ? ".000" : "") + (zoned ? "Z" : ""), zoned, fractions}, all);
      }
  }
}

}  // namespace

std::optional<std::int64_t> parse_date(std::string_view text, const DateForm& form) {
  std::optional<std::int64_t> zone;
  if (form.zoned && !(zone = take_zone(text))) return std::nullopt;
  if (form.fractions && !take_fraction(text)) return std::nullopt;
  if (text.empty() || text.size() > 40 || text.front() == ' ' || !has_whole_year(text)) return std::nullopt;
  const std::optional<std::int64_t> seconds =
      form.has_weeks() ? week_start(text) : calendar_moment(std::string(text), form.pattern);
  if (!seconds) return std::nullopt;
  const std::int64_t moment = *seconds - zone.value_or(0);
  if (moment < first_moment || moment > last_moment) return std::nullopt;
  return moment;
}

std::vector<DateForm> forms_of(std::string_view text, DateOrder order) {
  std::vector<DateForm> all;
  for (const KnownForm& form : day_forms) add_all(text, form, all);
  if (order != DateOrder::month_first) add_all(text, dotted, all);
  if (order != DateOrder::month_first) add_all(text, day_first, all);
  if (order != DateOrder::day_first) add_all(text, month_first, all);
  if (all_digits(text, 0, 8) && text.size() == 8) add_if(text, {basic.pattern, basic.name}, all);
  if (all_digits(text, 0, 4) && text.size() == 4 && text[0] != '0')
    add_if(text, {year.pattern, year.name}, all);
  return all;
}

std::string format_date(std::int64_t seconds, const DateForm& form) {
  const CalendarDay day = calendar_day(seconds);
  std::tm time{};
  time.tm_year = static_cast<int>(day.year) - 1900;
  time.tm_mon = day.month - 1;
  time.tm_mday = day.day;
  time.tm_hour = static_cast<int>(day.second / 3600);
  time.tm_min = static_cast<int>(day.second / 60 % 60);
  time.tm_sec = static_cast<int>(day.second % 60);
  std::string pattern = form.pattern;
  const auto write = [&](const char* directive, const std::string& text) {
    if (const std::size_t at = pattern.find(directive); at != std::string::npos) pattern.replace(at, 2, text);
  };
  write("%Y", fmt::format("{:04}", day.year));  // strftime writes as few digits as there are
  const CalendarDay thursday = calendar_day(seconds + (3 - (day.weekday + 6) % 7) * seconds_per_day);
  write("%G", fmt::format("{:04}", thursday.year));
  write("%V", fmt::format("{:02}", thursday.day_of_year / 7 + 1));
  write("%q", fmt::format("{}", (day.month + 2) / 3));
  std::array<char, 64> text{};
  const std::size_t size = ::strftime(text.data(), text.size(), pattern.c_str(), &time);
  return std::string(text.data(), size) + (form.fractions ? ".000" : "") + (form.zoned ? "Z" : "");
}

CalendarDay calendar_day(std::int64_t seconds) {
  using namespace std::chrono;
  const std::int64_t days =
      seconds >= 0 ? seconds / seconds_per_day : -((seconds_per_day - 1 - seconds) / seconds_per_day);
  const sys_days date{std::chrono::days(days)};
  const year_month_day ymd(date);
  const sys_days new_year(ymd.year() / January / 1);
  const year_month_day_last month_end(ymd.year() / ymd.month() / last);
  return {.year = static_cast<int>(ymd.year()),
          .month = static_cast<int>(static_cast<unsigned>(ymd.month())),
          .day = static_cast<int>(static_cast<unsigned>(ymd.day())),
          .weekday = static_cast<int>(weekday(date).c_encoding()),
          .day_of_year = static_cast<int>((date - new_year).count()),
          .second = seconds - days * seconds_per_day,
          .days_in_month = static_cast<int>(static_cast<unsigned>(month_end.day()))};
}

}  // namespace unroll
