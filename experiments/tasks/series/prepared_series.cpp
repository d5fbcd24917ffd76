#include "experiments/tasks/series/prepared_series.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "experiments/config/text.hpp"
#include "experiments/data/data_error.hpp"
#include "experiments/data/splits.hpp"
#include "experiments/tasks/series/calendar.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

std::string missing_name(const std::string& column) { return "missing " + column; }

/// Missing values as the last one before them; leading ones as the first that there is.
std::vector<double> filled(const std::vector<double>& values, std::int64_t steps) {
  std::vector<double> all(values.begin(), values.begin() + steps);
  const auto first = std::ranges::find_if(all, [](double x) { return !std::isnan(x); });
  double last = first == all.end() ? 0 : *first;
  for (double& x : all) {
    if (std::isnan(x)) x = last;
    last = x;
  }
  return all;
}

bool has_missing(const SeriesColumn& column, Range part) {
  const auto begin = column.values.begin() + part.first;
  return std::any_of(begin, begin + part.count, [](double x) { return std::isnan(x); });
}

/// The only value of a column in a part, if it has only one.
std::optional<double> constant_in(const std::vector<double>& values, Range part) {
  const auto begin = values.begin() + part.first;
  const bool constant = std::all_of(begin, begin + part.count, [&](double x) { return x == *begin; });
  return constant ? std::optional<double>(*begin) : std::nullopt;
}

}  // namespace

PreparedSeries::PreparedSeries(SeriesData data, const SeriesSettings& settings,
                               const std::optional<Preparation>& preparation)
    : data_(std::move(data)), settings_(settings), differences_(settings.difference) {
  if (!settings_.calendar.empty() && !data_.axis.has_dates())
    throw DataError(fmt::format("task.calendar: {} has no column of dates (task.time)", data_.file));
  fill_levels();
  if (preparation) {
    preparation_ = *preparation;
  }
  split();
  if (!preparation) check_training();
  name_inputs();
  read_inputs();
  read_wanted();
  if (!preparation) fit();
  preparation_.inputs.apply(inputs_);
  preparation_.target.apply(wanted_);
}

bool PreparedSeries::observed(std::size_t target, std::int64_t step) const {
  return step < data_.history && !std::isnan(value(target, step));
}

LevelsUpTo PreparedSeries::levels_up_to(std::int64_t step) const {
  LevelsUpTo all;
  for (const std::vector<double>& level : levels_)
    all.push_back(std::span(level).first(static_cast<std::size_t>(step + 1)));
  return all;
}

double PreparedSeries::undone(double level) const { return settings_.log ? std::exp(level) : level; }

void PreparedSeries::fill_levels() {
  for (const SeriesColumn& target : data_.targets) {
    std::vector<double>& level = levels_.emplace_back(filled(target.values, data_.history));
    if (settings_.log)
      for (double& x : level) x = std::log(x);
  }
  for (const SeriesColumn& column : data_.covariates)
    covariates_.push_back(filled(column.values, data_.history));
}

void PreparedSeries::split() {
  const PartSizes sizes = part_sizes(data_.history, settings_.validation, settings_.test);
  sizes_ = {std::max<std::int64_t>(sizes.training, 0), sizes.validation, sizes.test};
}

/// A step is trained on if it is late in its context.
void PreparedSeries::check_room() const {
  const std::int64_t needed = begin() + settings_.context + settings_.answered();
  if (sizes_[0] < needed)
    throw DataError(fmt::format(
        "{}: the series has {} steps, {} of them to train on, but one forecast takes {}: {} of context "
        "(task.context), {} that differences look back (task.difference) and {} ahead (task.horizon); take a "
        "smaller context, or more data",
        data_.file, data_.history, sizes_[0], needed, settings_.context, begin(), settings_.answered()));
  const auto check = [&](Range part, std::string_view what, std::string_view key) {
    if (part.count == 0 || part.count >= settings_.horizon) return;
    throw DataError(fmt::format("{}: {} steps to {} ({}), but one forecast is of {} (task.horizon)",
                                data_.file, part.count, what, key, settings_.horizon));
  };
  if (sizes_[1] == 0)
    throw DataError("task.validation_fraction: nothing to validate on: give a fraction above 0");
  check(validation(), "validate on", "task.validation_fraction");
  check(test(), "test on", "task.test_fraction");
}

void PreparedSeries::check_training() const {
  if (settings_.season > 1 && settings_.season >= sizes_[0])
    throw DataError(
        fmt::format("task.season: is {} steps, but {} has {} to train on: no season is there twice",
                    settings_.season, data_.file, sizes_[0]));
  check_room();
  const auto check = [&](const std::vector<double>& values, const std::string& name, std::string_view what) {
    if (const auto only = constant_in(values, training()))
      throw DataError(fmt::format("{}: the column \"{}\" is {} at each of the {} steps to train on: {}",
                                  data_.file, printable(name), *only, sizes_[0], what));
  };
  for (std::size_t k = 0; k < data_.targets.size(); ++k)
    check(filled(data_.targets[k].values, data_.history), data_.targets[k].name,
          "there is nothing to forecast");
  for (std::size_t k = 0; k < data_.covariates.size(); ++k)
    check(covariates_[k], data_.covariates[k].name, "it says nothing; leave it out of task.covariates");
  for (const SeriesColumn& column : data_.known)
    check(filled(column.values, data_.history), column.name, "it says nothing; leave it out of task.known");
}

bool PreparedSeries::is_marked(const std::string& column) const {
  return std::ranges::find(preparation_.columns, missing_name(column)) != preparation_.columns.end();
}

void PreparedSeries::name_inputs() {
  const bool given = !preparation_.columns.empty();
  const std::vector<std::string> expected = preparation_.columns;
  std::vector<std::string> names, marks;
  const auto add = [&](const std::vector<SeriesColumn>& columns, std::vector<std::size_t>& marked) {
    for (std::size_t k = 0; k < columns.size(); ++k) {
      names.push_back(columns[k].name);
      if (given ? !is_marked(columns[k].name) : !has_missing(columns[k], training())) continue;
      marked.push_back(k);
      marks.push_back(missing_name(columns[k].name));
    }
  };
  add(data_.targets, marked_targets_);
  add(data_.covariates, marked_covariates_);
  for (const SeriesColumn& column : data_.known)
    for (std::int64_t h = 1; h <= settings_.answered(); ++h)
      names.push_back(fmt::format("{} {} ahead", column.name, h));
  for (const std::string& name : settings_.calendar)
    for (const char* wave : {"sine", "cosine"}) names.push_back(fmt::format("{} of the {}", wave, name));
  names.insert(names.end(), marks.begin(), marks.end());
  if (given && names != expected)
    throw DataError(
        fmt::format("{}: the model reads {}, but here are {}: was it trained on a table of other columns?",
                    data_.file, printable(joined(expected, ", ")), printable(joined(names, ", "))));
  preparation_.columns = std::move(names);
}

void PreparedSeries::raw_step(std::int64_t t, const LevelsUpTo& levels, float* to) const {
  const auto put = [&](double x) { *to++ = static_cast<float>(x); };
  const auto s = static_cast<std::size_t>(t);
  for (const std::span<const double> level : levels) put(differences_.last(level));
  for (const std::vector<double>& column : covariates_) put(column[s]);
  for (const SeriesColumn& column : data_.known)
    for (std::int64_t h = 1; h <= settings_.answered(); ++h) {
      const bool there = t + h < data_.length && !std::isnan(column.values[s + static_cast<std::size_t>(h)]);
      if (!there)
        throw DataError(
            fmt::format("{}: the column \"{}\" (task.known) has no value at {}, {} ahead of {}: what is "
                        "known ahead stands in rows behind the last value of the target",
                        data_.file, printable(column.name), data_.place(t + h), h, data_.place(t)));
      put(column.values[s + static_cast<std::size_t>(h)]);
    }
  for (const std::string& name : settings_.calendar) {
    const double phase = 2 * std::numbers::pi * calendar_phase(name, data_.axis.moment(t + 1));
    put(std::sin(phase));
    put(std::cos(phase));
  }
  const auto is_missing = [&](const SeriesColumn& column) {
    return t < data_.history && std::isnan(column.values[s]) ? 1.0 : 0.0;
  };
  for (const std::size_t k : marked_targets_) put(is_missing(data_.targets[k]));
  for (const std::size_t k : marked_covariates_) put(is_missing(data_.covariates[k]));
}

void PreparedSeries::read_step(std::int64_t t, const LevelsUpTo& levels, float* to) const {
  raw_step(t, levels, to);
  const Scaling& scaling = preparation_.inputs;
  for (std::size_t c = 0; c < scaling.unit.size(); ++c)
    to[c] = static_cast<float>((static_cast<double>(to[c]) - scaling.offset[c]) / scaling.unit[c]);
}

void PreparedSeries::read_inputs() {
  inputs_ = Tensor<float>({data_.history, input_size()});
  // Where columns are known ahead, the last steps may be forecast from only if the table says more.
  const std::int64_t end =
      data_.known.empty() ? data_.history : std::min(data_.history, data_.length - settings_.answered());
  for (std::int64_t t = begin(); t < end; ++t)
    raw_step(t, levels_up_to(t), inputs_.data() + t * input_size());
}

void PreparedSeries::read_wanted() {
  const std::int64_t ahead = settings_.answered(), count = targets();
  wanted_ = Tensor<float>({data_.history, numbers()});
  counts_.assign(static_cast<std::size_t>(data_.history), false);
  for (std::int64_t t = begin(); t + ahead < data_.history; ++t) {
    bool whole = true;
    for (std::int64_t k = 0; k < count; ++k) {
      const auto target = static_cast<std::size_t>(k);
      const std::vector<double>& level = levels_[target];
      const std::vector<double> from = path(std::span(level).first(static_cast<std::size_t>(t + 1)), ahead);
      for (std::int64_t h = 0; h < ahead; ++h) {
        const double away = level[static_cast<std::size_t>(t + 1 + h)] - from[static_cast<std::size_t>(h)];
        wanted_[t * numbers() + h * count + k] = static_cast<float>(away);
        whole = whole && observed(target, t + 1 + h);
      }
    }
    counts_[static_cast<std::size_t>(t)] = whole;
  }
}

std::vector<Range> PreparedSeries::counted_in(Range part) const {
  std::vector<Range> all;
  for (std::int64_t t = std::max(begin(), part.first - 1); t + settings_.answered() < part.first + part.count;
       ++t)
    if (counts(t)) all.push_back({t, 1});
  return all;
}

void PreparedSeries::fit() {
  preparation_.inputs =
      fit_scaling(ScalingRule::standard, inputs_, {{begin(), sizes_[0] - begin() - settings_.answered()}});
  // Whether a value is missing is 0 or 1: where few are, a deviation of 1 would make it a blow.
  const std::size_t marks = marked_targets_.size() + marked_covariates_.size();
  Scaling& scaling = preparation_.inputs;
  std::fill_n(scaling.offset.rbegin(), marks, 0.0);
  std::fill_n(scaling.unit.rbegin(), marks, 1.0);
  const std::vector<Range> counted = counted_in(training());
  if (counted.empty())
    throw DataError(
        fmt::format("{}: at no step to train on are all of the next {} values (task.horizon) there, {} are "
                    "missing in all: take a "
                    "shorter horizon, or the rows as they follow (task.gaps=skip)",
                    data_.file, settings_.answered(), data_.missing));
  preparation_.target = fit_scaling(ScalingRule::standard, wanted_, counted);
}

std::vector<std::int64_t> PreparedSeries::origins(Range part, std::int64_t ahead) const {
  std::vector<std::int64_t> all;
  const std::int64_t first = std::max(part.first - 1, begin() + settings_.context - 1);
  for (std::int64_t t = first; t + ahead < part.first + part.count; ++t) all.push_back(t);
  return all;
}

std::string PreparedSeries::description() const {
  const auto span = [&](Range part) {
    return fmt::format("{} to {}", data_.place(part.first), data_.place(part.first + part.count - 1));
  };
  std::string text = fmt::format("{}: {} steps, {} to train on ({}), {} to validate on ({})", data_.file,
                                 data_.history, sizes_[0], span(training()), sizes_[1], span(validation()));
  if (sizes_[2] > 0) text += fmt::format(", {} to test on ({})", sizes_[2], span(test()));
  text += "\n" + data_.axis_note;
  std::vector<std::string> names;
  for (const SeriesColumn& one : data_.targets) names.push_back(one.name);
  text +=
      fmt::format("\n{} is forecast {} ahead, {}; a step has {} numbers: {}", printable(joined(names, ", ")),
                  settings_.horizon, settings_.recursive ? "one after the other" : "all at once",
                  input_size(), printable(joined(preparation_.columns, ", ")));
  if (data_.missing > 0)
    text += fmt::format(
        "\n{} values are missing: forecasts of them count nothing, and the last one is read instead",
        data_.missing);
  if (data_.length > data_.history)
    text += fmt::format("\n{} steps behind the last value of the target are known ahead",
                        data_.length - data_.history);
  if (!data_.left_out.empty())
    text += "\ncolumns that are not read: " + printable(joined(data_.left_out, ", "));
  return text;
}

}  // namespace unroll
