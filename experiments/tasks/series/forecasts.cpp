#include "experiments/tasks/series/forecasts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/data/data_error.hpp"
#include "framework/random/stream.hpp"

namespace unroll {
namespace {

constexpr std::int64_t origins_at_once = 100, drawn_paths = 200;
/// Of the streams that paths are drawn from: the same whatever model it is.
constexpr std::uint64_t path_seed = 1;

/// Levels of all targets that go on from an origin, each path by what the model says behind itself.
class DrawnPaths {
 public:
  DrawnPaths(const PreparedSeries& series, const QuantileLevels& levels, std::int64_t origin)
      : series_(series), levels_(levels), as_levels_(series.settings()), step_(origin) {
    as_levels_.log = false;
    const bool point = as_levels_.distribution == ForecastForm::point;
    for (std::int64_t p = 0; p < (point ? 1 : drawn_paths); ++p) {
      streams_.emplace_back(path_seed, Purpose::generation,
                            std::initializer_list<std::uint32_t>{static_cast<std::uint32_t>(origin),
                                                                 static_cast<std::uint32_t>(p)});
      paths_.push_back(tails(origin));
    }
  }

  std::int64_t count() const { return std::ssize(paths_); }
  /// By step ahead and target: the levels that the paths have reached there.
  std::vector<std::vector<double>>& reached() { return reached_; }

  /// Goes a step on, by outputs of which the last step is (paths, outputs).
  void draw(const Tensor<float>& outputs) {
    const std::int64_t width = outputs.shape().back(), each = width / series_.numbers();
    const auto last = outputs.span().last(static_cast<std::size_t>(count() * width));
    const auto first_reached = reached_.size();
    reached_.resize(first_reached + static_cast<std::size_t>(series_.targets()));
    ++step_;
    for (std::int64_t p = 0; p < count(); ++p)
      for (std::int64_t k = 0; k < series_.targets(); ++k) {
        const auto target = static_cast<std::size_t>(k);
        std::vector<double>& level = paths_[static_cast<std::size_t>(p)][target];
        const auto own =
            last.subspan(static_cast<std::size_t>(p * width + k * each), static_cast<std::size_t>(each));
        level.push_back(
            drawn(own, target, series_.path(level, 1).front(), streams_[static_cast<std::size_t>(p)]));
        reached_[first_reached + target].push_back(level.back());
      }
  }

  /// What the model reads of the step that was drawn: (1, paths, inputs).
  Tensor<float> read() const {
    const std::int64_t size = series_.input_size();
    Tensor<float> all({1, count(), size});
    for (std::int64_t p = 0; p < count(); ++p) {
      const Levels& own = paths_[static_cast<std::size_t>(p)];
      series_.read_step(step_, LevelsUpTo(own.begin(), own.end()), all.data() + p * size);
    }
    return all;
  }

 private:
  /// As many of the last levels as differences need.
  Levels tails(std::int64_t origin) const {
    Levels all;
    for (const std::span<const double> level : series_.levels_up_to(origin)) {
      const auto tail = level.last(static_cast<std::size_t>(series_.begin() + 1));
      all.emplace_back(tail.begin(), tail.end());
    }
    return all;
  }

  double drawn(std::span<const float> outputs, std::size_t target, double from, Stream& stream) const {
    const Predictive one = decoded(as_levels_, levels_, outputs, series_.preparation().target, target, from);
    constexpr double tail = 1e-12;
    return one.is_point() ? one.point() : one.quantile(std::clamp(stream.uniform(), tail, 1 - tail));
  }

  const PreparedSeries& series_;
  const QuantileLevels& levels_;
  SeriesSettings as_levels_;  ///< without the log
  std::int64_t step_;
  std::vector<Stream> streams_;
  std::vector<Levels> paths_;
  std::vector<std::vector<double>> reached_;
};

}  // namespace

Predictive decoded(const SeriesSettings& settings, const QuantileLevels& levels,
                   std::span<const float> outputs, const Scaling& scaling, std::size_t number, double from) {
  const auto level = [&](float output) { return from + scaling.undone(static_cast<double>(output), number); };
  const auto in_unit = [&](double x) { return settings.log ? std::exp(x) : x; };
  switch (settings.distribution) {
    case ForecastForm::gaussian:
      return Predictive::of_normal(level(outputs[0]),
                                   scaling.unit[number] * std::exp(0.5 * static_cast<double>(outputs[1])),
                                   settings.log);
    case ForecastForm::quantile: {
      std::vector<double> values;
      for (const float output : outputs) values.push_back(in_unit(level(output)));
      return Predictive::of_quantiles(levels, std::move(values));
    }
    case ForecastForm::point:
      break;
  }
  return Predictive::of_point(in_unit(level(outputs[0])));
}

ModelForecaster::ModelForecaster(const PreparedSeries& series, AnswersOf answers)
    : series_(series),
      answers_(std::move(answers)),
      levels_(std::make_shared<const std::vector<double>>(series.settings().levels())) {}

Forecasts ModelForecaster::forecast(const std::vector<std::int64_t>& origins, std::int64_t horizon) const {
  for (const std::int64_t origin : origins)
    if (const std::int64_t needed = series_.begin() + series_.settings().context; origin + 1 < needed)
      throw DataError(
          fmt::format("{}: {} steps up to {}, but a forecast reads {}: {} of context (task.context) and {} "
                      "that differences "
                      "look back (task.difference); give a table that begins earlier",
                      series_.data().file, origin + 1, series_.data().place(origin), needed,
                      series_.settings().context, series_.begin()));
  Forecasts forecasts{"model", {}};
  if (horizon > series_.settings().answered()) {
    for (const std::int64_t origin : origins) forecasts.all.push_back(one_by_one(origin, horizon));
    return forecasts;
  }
  const std::span<const std::int64_t> all(origins);
  for (std::size_t first = 0; first < all.size(); first += origins_at_once) {
    const auto part = all.subspan(first, std::min<std::size_t>(origins_at_once, all.size() - first));
    for (Forecast& one : at_once(part, horizon)) forecasts.all.push_back(std::move(one));
  }
  return forecasts;
}

/// (context, origins * copies, inputs).
Tensor<float> ModelForecaster::contexts(std::span<const std::int64_t> origins, std::int64_t copies) const {
  const std::int64_t steps = series_.settings().context, size = series_.input_size();
  const std::int64_t rows = std::ssize(origins) * copies;
  Tensor<float> all({steps, rows, size});
  std::vector<float> step(static_cast<std::size_t>(size));
  for (std::int64_t t = 0; t < steps; ++t)
    for (std::int64_t b = 0; b < rows; ++b) {
      const std::int64_t at = origins[static_cast<std::size_t>(b / copies)] - steps + 1 + t;
      if (b % copies == 0) series_.read_step(at, series_.levels_up_to(at), step.data());
      std::ranges::copy(step, all.data() + (t * rows + b) * size);
    }
  return all;
}

std::vector<Forecast> ModelForecaster::at_once(std::span<const std::int64_t> origins,
                                               std::int64_t horizon) const {
  const Tensor<float> outputs = answers_(contexts(origins, 1), false);
  const std::int64_t count = series_.targets(), numbers = series_.numbers(), width = outputs.shape().back();
  const std::int64_t each = width / numbers;
  const std::span<const float> last =
      outputs.span().last(static_cast<std::size_t>(std::ssize(origins) * width));
  std::vector<Forecast> all;
  for (std::size_t b = 0; b < origins.size(); ++b) {
    Forecast& one = all.emplace_back(Forecast{origins[b], {}});
    const LevelsUpTo levels = series_.levels_up_to(origins[b]);
    std::vector<std::vector<double>> from;
    for (const std::span<const double> level : levels) from.push_back(series_.path(level, horizon));
    for (std::int64_t n = 0; n < horizon * count; ++n)
      one.numbers.push_back(
          decoded(series_.settings(), levels_,
                  last.subspan(b * static_cast<std::size_t>(width) + static_cast<std::size_t>(n * each),
                               static_cast<std::size_t>(each)),
                  series_.preparation().target, static_cast<std::size_t>(n),
                  from[static_cast<std::size_t>(n % count)][static_cast<std::size_t>(n / count)]));
  }
  return all;
}

Forecast ModelForecaster::one_by_one(std::int64_t origin, std::int64_t horizon) const {
  DrawnPaths paths(series_, levels_, origin);
  const std::vector<std::int64_t> alone = {origin};
  Tensor<float> outputs = answers_(contexts(alone, paths.count()), false);
  for (std::int64_t h = 0; h < horizon; ++h) {
    paths.draw(outputs);
    if (h + 1 < horizon) outputs = answers_(paths.read(), true);
  }
  Forecast forecast{origin, {}};
  for (std::vector<double>& values : paths.reached()) forecast.numbers.push_back(summary_of(values));
  return forecast;
}

/// Of levels that paths have reached.
Predictive ModelForecaster::summary_of(std::vector<double>& values) const {
  const auto in_unit = [&](double x) { return series_.undone(x); };
  const auto n = static_cast<double>(values.size());
  if (values.size() == 1) return Predictive::of_point(in_unit(values.front()));
  if (series_.settings().distribution == ForecastForm::gaussian) {
    double mean = 0, squares = 0;
    for (const double x : values) mean += x / n;
    for (const double x : values) squares += (x - mean) * (x - mean) / (n - 1);
    return Predictive::of_normal(mean, std::sqrt(squares), series_.settings().log);
  }
  std::ranges::sort(values);
  std::vector<double> quantiles;
  for (const double level : *levels_) {
    const double at = level * (n - 1);
    const auto below = static_cast<std::size_t>(at);
    const double share = at - std::floor(at);
    quantiles.push_back(
        in_unit(values[below] + share * (values[std::min(below + 1, values.size() - 1)] - values[below])));
  }
  return Predictive::of_quantiles(levels_, std::move(quantiles));
}

}  // namespace unroll
