#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "experiments/config/text.hpp"
#include "experiments/data/data_error.hpp"
#include "experiments/data/formats/csv_table.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view spaces = " \t\r\n";
  const std::size_t begin = std::min(text.find_first_not_of(spaces), text.size());
  return text.substr(begin, text.find_last_not_of(spaces) + 1 - begin);
}

/// Without a plus sign, which std::from_chars does not take.
std::string_view without_plus(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  return text;
}

bool is_missing(std::string_view text) {
  const auto is = [&](std::string_view word) {
    return std::equal(text.begin(), text.end(), word.begin(), word.end(),
                      [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
  };
  return is("") || is("na") || is("nan");
}

bool is_integer(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool float_holds(std::string_view integer) {
  std::int64_t value = 0;
  if (std::from_chars(integer.data(), integer.data() + integer.size(), value).ec != std::errc()) return false;
  const auto rounded = static_cast<float>(value);
  return std::abs(rounded) < 0x1p63f && static_cast<std::int64_t>(rounded) == value;
}

class Column {
 public:
  Column(const CsvTable& table, std::size_t column) : table_(table), column_(column) {}

  CsvNumbers read() {
    const auto rows = static_cast<std::int64_t>(table_.rows());
    CsvNumbers found{{Tensor<float>::without_values({rows}), false}, 0};
    bool integers = true;
    std::optional<std::size_t> inexact;
    for (std::size_t row = 0; row < table_.rows(); ++row) {
      const std::string_view text = without_plus(trimmed(table_.field(row, column_)));
      found.missing += is_missing(text) ? 1 : 0;
      found.array.values[static_cast<std::int64_t>(row)] = as_float(value(text, row), row);
      if (is_missing(text)) continue;
      integers = integers && is_integer(text);
      if (integers && !inexact && !float_holds(text)) inexact = row;
    }
    if (integers && inexact)
      fail(*inexact,
           "the column has integers only, and no 32-bit float holds this one exactly: make them smaller "
           "(subtract the least one), or write a decimal point if rounding does no harm");
    found.array.integers = integers && found.missing == 0;
    return found;
  }

  std::vector<double> read_reals() {
    std::vector<double> all;
    for (std::size_t row = 0; row < table_.rows(); ++row)
      all.push_back(value(without_plus(trimmed(table_.field(row, column_))), row));
    return all;
  }

 private:
  double value(std::string_view text, std::size_t row) const {
    if (is_missing(text)) return std::numeric_limits<double>::quiet_NaN();
    double number = 0;
    if (!parse_number(text, number))
      fail(row, text.find(',') != std::string_view::npos
                    ? "expected a number, with a decimal point and no other separators"
                    : "expected a number; a value that is missing is an empty field, NA or nan");
    return number;
  }

  float as_float(double number, std::size_t row) const {
    if (std::isfinite(number) && std::abs(number) > std::numeric_limits<float>::max())
      fail(row, fmt::format("expected a number of at most {}, the largest 32-bit float: scale the column",
                            std::numeric_limits<float>::max()));
    return static_cast<float>(number);
  }

  [[noreturn]] void fail(std::size_t row, const std::string& what) const {
    throw DataError(fmt::format("[csv] {}, line {}, column \"{}\": found \"{}\"; {}", table_.file,
                                table_.lines[row], printable(table_.names[column_]),
                                printable(table_.field(row, column_)), what));
  }

  const CsvTable& table_;
  std::size_t column_;
};

}  // namespace

bool is_csv_number(std::string_view field) {
  double ignored = 0;
  return parse_number(without_plus(trimmed(field)), ignored);
}

namespace {

Column column_called(const CsvTable& table, std::string_view column) {
  const auto found = std::find(table.names.begin(), table.names.end(), column);
  if (found != table.names.end()) return {table, static_cast<std::size_t>(found - table.names.begin())};
  const std::string guess = did_you_mean(column, table.names);
  throw DataError(fmt::format("[csv] {}: there is no column \"{}\"{}", table.file, printable(column),
                              guess.empty() ? "; there are " + printable(joined(table.names, ", ")) : guess));
}

}  // namespace

CsvNumbers numbers(const CsvTable& table, std::string_view column) {
  return column_called(table, column).read();
}

std::vector<double> real_numbers(const CsvTable& table, std::string_view column) {
  return column_called(table, column).read_reals();
}

}  // namespace unroll
