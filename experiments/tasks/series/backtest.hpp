#pragma once

#include <string>
#include <vector>

#include "experiments/tasks/series/baselines.hpp"
#include "experiments/tasks/series/scores.hpp"

namespace unroll {

/// Forecasts from every step of the test part (or, where there is none, of the validation part): a model's,
/// and those of the baselines, from the same origins. Nothing is fitted anew on the way.
struct Backtest {
  std::vector<std::int64_t> origins;
  std::vector<Forecasts> baselines;
};

/// Throws DataError where no forecast of the horizon has room.
Backtest baselines_of(const PreparedSeries& series, std::int64_t horizon);

/// A model beside the best of the baselines in one measure. The best is that of the very test, which favours
/// the baseline.
struct Comparison {
  std::string measure;      ///< "RMSE", "MASE"
  std::string baseline;     ///< the best one's name
  double model, best;       ///< the measure of both
  PairedLosses difference;  ///< of the losses that the measure is made of, model - baseline
};

/// For RMSE and for MASE.
std::vector<Comparison> compared(const PreparedSeries& series, const Forecasts& model,
                                 const Backtest& backtest, std::size_t target, std::int64_t horizon);

/// Says plainly which is better, by how much, and whether the origins tell: "A baseline wins on RMSE: ...".
std::string verdict(const Comparison& comparison);

}  // namespace unroll
