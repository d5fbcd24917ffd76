#include "experiments/tasks/series/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "experiments/data/data_error.hpp"
#include "experiments/tasks/data_options.hpp"
#include "experiments/tasks/file_task/options.hpp"
#include "experiments/tasks/series/calendar.hpp"

namespace unroll {

namespace series_options {
namespace {

using Names = std::vector<std::string>;

OptionSpec choice(std::string key, Names known, std::string meaning) {
  return {std::move(key), known.front(), std::move(meaning), {}, [known] { return known; }};
}

}  // namespace

const OptionSpec time = {
    "task.time", std::string(),
    "column of dates, or of whole numbers, at equal distances; empty: the first one that "
    "begins with a date or is called so, else rows are steps"};
const OptionSpec dates = choice("task.dates", {"automatic", "day_first", "month_first"},
                                "what 03/04/2024 begins with, where no row tells");
const OptionSpec gaps =
    choice("task.gaps", {"fill", "skip", "refuse"},
           "where a step of time has no row: put one in whose values are missing, take rows "
           "as they follow each other, or an error");
const OptionSpec duplicates =
    choice("task.duplicates", {"refuse", "mean", "first", "last"},
           "rows of one time: an error, their mean, or the first or last value of each column");
const OptionSpec covariates = {"task.covariates", Names{},
                               "columns that are read besides, known up to the step that is forecast from"};
const OptionSpec known = {
    "task.known", Names{},
    "columns that are known ahead (prices, holidays): read for the steps that are forecast"};
const OptionSpec calendar = {"task.calendar",
                             Names{},
                             "what of the date of the next step is read, as sine and cosine of its phase",
                             {},
                             calendar_names};
const OptionSpec transform = choice("task.transform", {"none", "log"},
                                    "of the targets before anything else; undone in every forecast");
const OptionSpec difference = {
    "task.difference", std::vector<std::int64_t>{},
    "lags whose differences are read, one after the other: [1], [12], [1, 12]; forecasts "
    "are of what comes on top of the values that make all later differences 0"};
const OptionSpec season = {
    "task.season", std::int64_t{0},
    "steps after which the series repeats: of the seasonal baselines and of MASE; 0: none", from_to(0, 1e6)};
const OptionSpec context = {"task.context", std::int64_t{50},
                            "steps that a forecast looks back on; in training the later half of them counts",
                            from_to(2, 1e6)};
const OptionSpec strategy =
    choice("task.strategy", {"direct", "recursive"},
           "all steps of the horizon at once, or one at a time, each from those before it");
const OptionSpec distribution =
    choice("task.distribution", {"gaussian", "quantile", "point"},
           "what a forecast says: mean and variance, quantiles, or a number alone");
const OptionSpec intervals = {
    "task.intervals", std::vector<std::int64_t>{50, 80, 95},
    "central intervals in percent; quantiles are learned at their ends and in the middle", from_to(1, 99)};

std::vector<OptionSpec> rows() {
  return {file_options::data,
          file_options::target,
          time,
          dates,
          gaps,
          duplicates,
          covariates,
          known,
          calendar,
          transform,
          difference,
          season,
          context,
          data_options::horizon,
          strategy,
          distribution,
          intervals,
          data_options::validation_fraction,
          data_options::test_fraction};
}

}  // namespace series_options

namespace {

using namespace series_options;

template <class Value>
Value chosen(const TaskConfig& config, const OptionSpec& row, std::initializer_list<Value> values) {
  const std::vector<std::string> names = row.known();
  const auto at = std::ranges::find(names, config.get<std::string>(row)) - names.begin();
  return values.begin()[at];
}

void check_rising(const std::vector<std::int64_t>& numbers, const OptionSpec& row, bool needed) {
  const bool rising = std::ranges::adjacent_find(numbers, std::greater_equal<>()) == numbers.end();
  if (rising && (!needed || !numbers.empty())) return;
  throw DataError(fmt::format("{}: expected {} numbers, each above the one before", row.key,
                              needed ? "one or more" : "no"));
}

void check_lags(const SeriesSettings& settings) {
  for (const std::int64_t lag : settings.difference)
    if (lag < 1)
      throw DataError(fmt::format("task.difference: expected lags of 1 step or more, found {}", lag));
}

}  // namespace

std::int64_t SeriesSettings::lag() const {
  return std::accumulate(difference.begin(), difference.end(), std::int64_t{0});
}

std::vector<double> SeriesSettings::levels() const {
  std::vector<double> all = {0.5};
  for (const std::int64_t percent : intervals)
    for (const std::int64_t end : {100 - percent, 100 + percent})
      all.push_back(static_cast<double>(end) / 200);
  std::ranges::sort(all);
  return all;
}

SeriesSettings series_settings(const TaskConfig& config) {
  const auto names = [&](const OptionSpec& row) { return config.get<std::vector<std::string>>(row); };
  const auto number = [&](const OptionSpec& row) { return config.get<std::int64_t>(row); };
  SeriesSettings all{
      .data = config.get<InputFile>(file_options::data),
      .target = names(file_options::target),
      .covariates = names(covariates),
      .known = names(known),
      .calendar = names(calendar),
      .time = config.get<std::string>(time),
      .rules = {.dates = chosen(config, dates,
                                {DateOrder::automatic, DateOrder::day_first, DateOrder::month_first}),
                .gaps = chosen(config, gaps, {Gaps::fill, Gaps::skip, Gaps::refuse}),
                .duplicates =
                    chosen(config, duplicates,
                           {Duplicates::refuse, Duplicates::mean, Duplicates::first, Duplicates::last})},
      .log = chosen(config, transform, {false, true}),
      .difference = config.get<std::vector<std::int64_t>>(difference),
      .season = std::max<std::int64_t>(1, number(season)),
      .context = number(context),
      .horizon = std::max<std::int64_t>(1, number(data_options::horizon)),
      .recursive = chosen(config, strategy, {false, true}),
      .distribution =
          chosen(config, distribution, {ForecastForm::gaussian, ForecastForm::quantile, ForecastForm::point}),
      .intervals = config.get<std::vector<std::int64_t>>(intervals),
      .validation = config.get<double>(data_options::validation_fraction),
      .test = config.get<double>(data_options::test_fraction)};
  check_rising(all.intervals, intervals, true);
  check_lags(all);
  if (all.recursive && !all.covariates.empty())
    throw DataError(
        fmt::format("task.strategy: is recursive, but of \"{}\" (task.covariates) nothing is known at the "
                    "steps that later "
                    "ones are forecast from: take direct, or task.known if it is known ahead",
                    all.covariates.front()));
  return all;
}

}  // namespace unroll
