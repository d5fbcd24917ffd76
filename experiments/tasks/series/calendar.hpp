#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace unroll {

/// What task.calendar may name: year (the part of the year that has passed), month, week, day.
std::vector<std::string> calendar_names();

/// The phase of a moment (seconds since 1970) in a period of the calendar, from 0 to below 1: "week" is 0 at
/// Monday 0:00, "year" at the first of January, "month" on the first of a month, "day" at midnight.
double calendar_phase(std::string_view name, std::int64_t seconds);

}  // namespace unroll
