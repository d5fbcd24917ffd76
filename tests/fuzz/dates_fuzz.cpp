#include <cstddef>
#include <cstdint>
#include <string_view>

#include "experiments/data/data_error.hpp"
#include "experiments/data/formats/csv_table.hpp"
#include "experiments/tasks/series/time_axis.hpp"

// libFuzzer: whatever bytes are given as a date or as a table with a column of them, they are moments that
// are written and read as the same, at steps that rise, or a DataError.

using namespace unroll;

namespace {

constexpr DateOrder orders[] = {DateOrder::automatic, DateOrder::day_first, DateOrder::month_first};

/// A text may be of a form: it is then a moment, and so is what the form makes of that.
void date_of(std::string_view text) {
  for (const DateOrder order : orders)
    for (const DateForm& form : forms_of(text, order)) {
      const std::optional<std::int64_t> seconds = parse_date(text, form);
      if (!seconds || parse_date(format_date(*seconds, form), form) != seconds) __builtin_trap();
      const CalendarDay day = calendar_day(*seconds);
      if (day.month < 1 || day.month > 12 || day.day < 1 || day.day > day.days_in_month || day.second < 0 ||
          day.second >= 86400)
        __builtin_trap();
    }
}

/// Rows of one time are one step where they are not refused.
void check(const ReadAxis& read, std::size_t rows, const TimeRules& rules) {
  const bool once = rules.duplicates == Duplicates::refuse;
  if (read.steps.size() != rows || read.steps.front() != 0 || read.length != read.steps.back() + 1)
    __builtin_trap();
  for (std::size_t row = 1; row < rows; ++row)
    if (read.steps[row] < read.steps[row - 1] + (once ? 1 : 0)) __builtin_trap();
  if (once && rules.gaps != Gaps::fill && read.length != static_cast<std::int64_t>(rows)) __builtin_trap();
  for (const std::int64_t step : read.steps) {
    const std::string label = read.axis.label(step);
    if (read.axis.has_dates() && parse_date(label, read.axis.form) != read.axis.moment(step))
      __builtin_trap();
  }
  if (step_name(read.axis).empty()) __builtin_trap();
}

void axis_of(std::string_view bytes) {
  const CsvTable table = read_csv(bytes, "fuzz");
  for (const DateOrder order : orders)
    for (const Gaps gaps : {Gaps::fill, Gaps::skip, Gaps::refuse})
      for (const Duplicates duplicates : {Duplicates::refuse, Duplicates::mean})
        for (const std::string& column : {std::string(), table.names.front()}) {
          const TimeRules rules{order, gaps, duplicates};
          try {
            check(read_time_axis(table, column, rules), table.rows(), rules);
          } catch (const DataError&) {
          }
        }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const auto read : {date_of, axis_of}) {
    try {
      read(bytes);
    } catch (const DataError&) {
    }
  }
  return 0;
}
