#include "experiments/tasks/series/series_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <span>

#include "experiments/config/text.hpp"
#include "experiments/data/data_error.hpp"
#include "experiments/data/formats/csv_table.hpp"
#include "experiments/tasks/file_task/options.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

using Names = std::vector<std::string>;

class SeriesReader {
 public:
  SeriesReader(const CsvTable& table, const SeriesSettings& settings)
      : table_(table), settings_(settings), read_(read_time_axis(table, settings.time, settings.rules)) {}

  SeriesData read() {
    data_.file = table_.file;
    data_.axis = read_.axis;
    data_.axis_note = read_.note;
    data_.length = read_.length;
    use(read_.axis.column, "task.time");
    data_.covariates = columns(settings_.covariates, series_options::covariates);
    data_.known = columns(settings_.known, series_options::known);
    data_.targets = columns(target_names(), file_options::target);
    for (const std::string& name : table_.names)
      if (!used_.contains(name)) data_.left_out.push_back(name);
    find_history();
    if (settings_.log) check_positive();
    count_missing();
    return std::move(data_);
  }

 private:
  /// A column has one use.
  void use(const std::string& name, std::string_view key) {
    if (name.empty()) return;
    if (!used_.insert(name).second)
      throw DataError(fmt::format("{}: the column \"{}\" of {} is named twice, or for two uses", key,
                                  printable(name), table_.file));
  }

  std::vector<SeriesColumn> columns(const Names& names, const OptionSpec& row) {
    std::vector<SeriesColumn> all;
    for (const std::string& name : names) {
      if (std::ranges::find(table_.names, name) == table_.names.end()) refuse_name(name, row);
      use(name, row.key);
      all.push_back({name, at_steps(name)});
    }
    return all;
  }

  void refuse_name(const std::string& name, const OptionSpec& row) const {
    const std::string guess = did_you_mean(name, table_.names);
    throw DataError(
        fmt::format("{}: {}: there is no column \"{}\"{}", row.key, table_.file, printable(name),
                    guess.empty() ? "; there are " + printable(joined(table_.names, ", ")) : guess));
  }

  std::vector<double> at_steps(const std::string& name) const {
    const std::vector<double> rows = real_numbers(table_, name);
    std::vector<double> steps(static_cast<std::size_t>(read_.length),
                              std::numeric_limits<double>::quiet_NaN());
    for (std::size_t row = 0; row < rows.size(); ++row) {
      if (std::isinf(rows[row]))
        throw DataError(
            fmt::format("{}, line {}, column \"{}\": expected a finite number, found an infinite one: was "
                        "something divided "
                        "by 0?",
                        table_.file, table_.lines[row], printable(name)));
    }
    for (std::size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
      while (end < rows.size() && read_.steps[end] == read_.steps[begin]) ++end;
      steps[static_cast<std::size_t>(read_.steps[begin])] = one_of({rows.data() + begin, rows.data() + end});
    }
    return steps;
  }

  /// The value of a time, of those of its rows.
  double one_of(std::span<const double> values) const {
    std::vector<double> present(values.begin(), values.end());
    std::erase_if(present, [](double x) { return std::isnan(x); });
    if (present.empty()) return values.front();
    if (settings_.rules.duplicates == Duplicates::first) return present.front();
    if (settings_.rules.duplicates == Duplicates::last) return present.back();
    return std::reduce(present.begin(), present.end()) / static_cast<double>(present.size());
  }

  /// Those asked for, or the only column of numbers that is left.
  Names target_names() const {
    if (!settings_.target.empty()) return settings_.target;
    Names left;
    for (std::size_t c = 0; c < table_.names.size(); ++c)
      if (!used_.contains(table_.names[c]) && begins_with_number(c)) left.push_back(table_.names[c]);
    if (left.size() == 1) return left;
    throw DataError(fmt::format("task.target: say which columns of {} to forecast; {} {}", table_.file,
                                left.empty() ? "no column of numbers is left; there are" : "there are",
                                printable(joined(left.empty() ? table_.names : left, ", "))));
  }

  bool begins_with_number(std::size_t column) const {
    std::size_t row = 0;
    while (row + 1 < table_.rows() && table_.field(row, column).empty()) ++row;
    return is_csv_number(table_.field(row, column));
  }

  /// What stands behind the last value of a target is the future, of which other columns may be known.
  void find_history() {
    for (const SeriesColumn& target : data_.targets)
      for (std::int64_t t = data_.history; t < data_.length; ++t)
        if (!std::isnan(target.values[static_cast<std::size_t>(t)])) data_.history = t + 1;
    if (data_.history == 0)
      throw DataError(fmt::format("{}: the column \"{}\" holds no value at all", table_.file,
                                  printable(data_.targets.front().name)));
  }

  void check_positive() const {
    for (const SeriesColumn& target : data_.targets)
      for (std::size_t row = 0; row < read_.steps.size(); ++row) {
        const double x = target.values[static_cast<std::size_t>(read_.steps[row])];
        if (x <= 0)
          throw DataError(
              fmt::format("{}, line {}, column \"{}\": task.transform=log takes numbers above 0, found {}",
                          table_.file, table_.lines[row], printable(target.name), x));
      }
  }

  void count_missing() {
    for (const auto* group : {&data_.targets, &data_.covariates})
      for (const SeriesColumn& column : *group)
        data_.missing += std::count_if(column.values.begin(), column.values.begin() + data_.history,
                                       [](double x) { return std::isnan(x); });
  }

  const CsvTable& table_;
  const SeriesSettings& settings_;
  ReadAxis read_;
  SeriesData data_;
  std::set<std::string> used_;
};

}  // namespace

std::string SeriesData::place(std::int64_t step) const {
  return axis.kind == TimeAxis::Kind::rows ? fmt::format("row {}", step + 1) : axis.label(step);
}

SeriesData read_series(const std::string& bytes, const std::string& file, const SeriesSettings& settings) {
  const CsvTable table = read_csv(bytes, file);
  return SeriesReader(table, settings).read();
}

}  // namespace unroll
