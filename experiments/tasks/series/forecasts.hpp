#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experiments/tasks/series/predictive.hpp"
#include "experiments/tasks/series/prepared_series.hpp"
#include "experiments/tasks/task.hpp"

namespace unroll {

/// A forecast of all targets from one step on.
struct Forecast {
  std::int64_t origin;
  std::vector<Predictive> numbers;  ///< of step origin + 1 + h, target k: at h * targets + k
};

/// Forecasts of one forecaster from several origins.
struct Forecasts {
  std::string name;  ///< "persistence"
  std::vector<Forecast> all;
};

/// What the objective's outputs for one number say, `outputs` being those of a scaled target: of distances
/// from `from`, a level.
Predictive decoded(const SeriesSettings& settings, const QuantileLevels& levels,
                   std::span<const float> outputs, const Scaling& scaling, std::size_t number, double from);

/// A model's forecasts, `horizon` steps each; the context is read from the start, so that they depend on
/// nothing before it. A model that answers fewer steps than asked for goes on from its own answers: paths are
/// drawn from what it says, so many that intervals are known to a percent or two, and their mean and
/// deviation, or their quantiles, are the forecast; of a number alone the only path. Throws DataError for an
/// origin with too little before it.
class ModelForecaster {
 public:
  /// Both must outlive it.
  ModelForecaster(const PreparedSeries& series, AnswersOf answers);

  Forecasts forecast(const std::vector<std::int64_t>& origins, std::int64_t horizon) const;

 private:
  std::vector<Forecast> at_once(std::span<const std::int64_t> origins, std::int64_t horizon) const;
  Forecast one_by_one(std::int64_t origin, std::int64_t horizon) const;
  Predictive summary_of(std::vector<double>& values) const;
  Tensor<float> contexts(std::span<const std::int64_t> origins, std::int64_t copies) const;

  const PreparedSeries& series_;
  AnswersOf answers_;
  QuantileLevels levels_;
};

}  // namespace unroll
