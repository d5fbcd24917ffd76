#include "experiments/tasks/series/backtest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/config/text.hpp"
#include "experiments/data/data_error.hpp"

namespace unroll {

Backtest baselines_of(const PreparedSeries& series, std::int64_t horizon) {
  Backtest backtest{series.origins(series.judged(), horizon), {}};
  if (backtest.origins.empty())
    throw DataError(
        fmt::format("{}: there is no step with {} of context before it (task.context) and {} steps behind it "
                    "(task.horizon) in "
                    "the last {}: take a larger share (task.test_fraction, task.validation_fraction)",
                    series.data().file, series.settings().context, horizon, series.judged().count));
  backtest.baselines = baseline_forecasts(series, backtest.origins, horizon);
  return backtest;
}

std::vector<Comparison> compared(const PreparedSeries& series, const Forecasts& model,
                                 const Backtest& backtest, std::size_t target, std::int64_t horizon) {
  const Scores own = scores_of(series, model, target);
  std::vector<Comparison> all;
  const auto add = [&](std::string measure, double Scores::*value, Loss loss) {
    const auto best = std::ranges::min_element(
        backtest.baselines, {}, [&](const Forecasts& one) { return scores_of(series, one, target).*value; });
    all.push_back({std::move(measure), best->name, own.*value, scores_of(series, *best, target).*value,
                   paired_losses(losses_of(series, model, target, loss),
                                 losses_of(series, *best, target, loss), horizon)});
  };
  add("RMSE", &Scores::rmse, Loss::squared);
  add("MASE", &Scores::mase, Loss::absolute);
  return all;
}

std::string verdict(const Comparison& one) {
  if (!std::isfinite(one.model))
    return fmt::format("The model's {} is {}: its training diverged; {} has {}", one.measure, one.model,
                       one.baseline, short_number(one.best));
  const bool wins = one.model < one.best;
  const double percent = 100 * std::abs(one.model / one.best - 1);
  std::string text = fmt::format("{} on {}: {} of the model, {} of the best baseline, {}: {:.1f} % {}",
                                 wins                    ? "The model wins"
                                 : one.model == one.best ? "A tie"
                                                         : "A baseline wins",
                                 one.measure, short_number(one.model), short_number(one.best), one.baseline,
                                 percent, wins ? "less" : "more");
  if (std::isnan(one.difference.low)) return text + "; too few origins to tell chance";
  const bool clear = one.difference.low > 0 || one.difference.high < 0;
  return text + fmt::format(
                    "; paired over {} origins the difference is {} chance (95 % interval of the {} error's "
                    "difference: {} to {})",
                    one.difference.origins, clear ? "beyond" : "within",
                    one.measure == "RMSE" ? "squared" : "absolute", short_number(one.difference.low),
                    short_number(one.difference.high));
}

}  // namespace unroll
