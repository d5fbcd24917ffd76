#include "experiments/studies/measure.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "framework/tensor/limits.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

/// What every record has without being told.
struct BuiltIn {
  std::string_view name;
  double (*value)(const TrialRecord&);
};
constexpr std::array<BuiltIn, 4> built_in = {{
    {"success", [](const TrialRecord& r) { return r.success ? 1.0 : 0.0; }},
    {"diverged", [](const TrialRecord& r) { return r.status == TrialStatus::diverged ? 1.0 : 0.0; }},
    {"updates", [](const TrialRecord& r) { return static_cast<double>(r.updates); }},
    {"solved_at",
     [](const TrialRecord& r) { return r.solved_at ? static_cast<double>(*r.solved_at) : kInf; }},
}};

[[noreturn]] void refuse_unknown(const std::string& kind, const std::string& name,
                                 const std::vector<std::string>& known) {
  throw std::out_of_range(fmt::format("a trial has no {} \"{}\"; it has {}{}", kind, name,
                                      fmt::join(known, ", "), did_you_mean(name, known)));
}

[[noreturn]] void refuse_scalar(const std::string& name, const TrialRecord& record) {
  std::vector<std::string> known;
  for (const BuiltIn& row : built_in) known.emplace_back(row.name);
  for (const Scalar& scalar : record.scalars) known.push_back(scalar.name);
  refuse_unknown("scalar", name, known);
}

std::string series_text(const std::string& name, const std::string& moment) {
  return moment.empty() ? name : fmt::format("{} ({})", name, moment);
}

[[noreturn]] void refuse_series(const Measure& measure, const TrialRecord& record) {
  std::vector<std::string> known;
  for (const RecordedSeries& series : record.series) known.push_back(series_text(series.name, series.moment));
  refuse_unknown("series", series_text(measure.series, measure.moment), known);
}

double of_scalar(const std::string& name, const TrialRecord& record) {
  if (const auto* row = std::ranges::find(built_in, name, &BuiltIn::name); row != built_in.end())
    return row->value(record);
  if (const auto value = record.scalar(name)) return *value;
  if (record.status == TrialStatus::diverged) return kInf;
  refuse_scalar(name, record);
}

template <class Holds>
double first_x(const RecordedSeries& series, const Holds& holds) {
  for (std::size_t i = 0; i < series.x.size(); ++i)
    if (holds(series.y[i])) return series.x[i];
  return kInf;
}

double at(const RecordedSeries& series, double x) {
  const auto place = std::ranges::find(series.x, x);
  if (place != series.x.end()) return series.y[static_cast<std::size_t>(place - series.x.begin())];
  throw std::out_of_range(
      fmt::format("the series \"{}\" has no value at {} = {}", series.name, series.axis, x));
}

/// Least squares through (x, ln y).
double log_slope(const RecordedSeries& series) {
  double n = 0, sx = 0, sy = 0;
  for (std::size_t i = 0; i < series.x.size(); ++i)
    if (series.y[i] > 0) {
      n += 1;
      sx += series.x[i];
      sy += std::log(series.y[i]);
    }
  double sxx = 0, sxy = 0;
  for (std::size_t i = 0; i < series.x.size(); ++i)
    if (series.y[i] > 0) {
      sxx += (series.x[i] - sx / n) * (series.x[i] - sx / n);
      sxy += (series.x[i] - sx / n) * (std::log(series.y[i]) - sy / n);
    }
  return sxx > 0 ? sxy / sxx : kNaN;
}

double of_series(const Measure& measure, const RecordedSeries& series) {
  const std::vector<double>& y = series.y;
  switch (measure.use) {
    case SeriesUse::at:
      return at(series, measure.argument);
    case SeriesUse::first_below:
      return first_x(series, [&](double v) { return v < measure.argument; });
    case SeriesUse::first_above:
      return first_x(series, [&](double v) { return v > measure.argument; });
    case SeriesUse::first:
      return y.front();
    case SeriesUse::last:
      return y.back();
    case SeriesUse::min:
      return *std::ranges::min_element(y);
    case SeriesUse::max:
      return *std::ranges::max_element(y);
    case SeriesUse::mean:
      return std::accumulate(y.begin(), y.end(), 0.0) / static_cast<double>(y.size());
    case SeriesUse::log_slope:
      return log_slope(series);
  }
  throw std::logic_error("a use of series that is not handled");
}

}  // namespace

double measured(const Measure& measure, const TrialRecord& record) {
  if (measure.series.empty()) return of_scalar(measure.scalar, record);
  if (const RecordedSeries* series = record.find(measure.series, measure.moment);
      series && !series->y.empty())
    return of_series(measure, *series);
  if (record.status == TrialStatus::diverged) return kInf;
  refuse_series(measure, record);
}

void require_measure(const Measure& measure, const TrialRecord& rehearsal) {
  if (rehearsal.status == TrialStatus::diverged) return;  // it has not come to all that it would have
  if (measure.series.empty()) {
    of_scalar(measure.scalar, rehearsal);
    return;
  }
  const bool later = measure.moment.starts_with("update ");
  const auto named = [&](const RecordedSeries& series) {
    return series.name == measure.series && (later || series.moment == measure.moment);
  };
  const auto series = std::ranges::find_if(rehearsal.series, named);
  if (series == rehearsal.series.end()) {
    if (!later) refuse_series(measure, rehearsal);
    return;  // an instrument that has not looked yet has no series to be told by
  }
  if (measure.use == SeriesUse::at && series->axis != "update" && !series->y.empty())
    at(*series, measure.argument);
}

}  // namespace unroll
