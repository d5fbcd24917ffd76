#include "experiments/tasks/series/series_task.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "experiments/config/text.hpp"
#include "experiments/data/data_error.hpp"
#include "experiments/tasks/series/backtest.hpp"
#include "experiments/tasks/series/pieces.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

std::vector<std::int64_t> all_of(const Dataset& data) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(data.size()));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

/// The objective's loss of a normal distribution of a scaled number at the outcome y.
double loss_of_normal(const SeriesSettings& settings, double mean, double deviation, double y) {
  const double error = y - mean;
  if (settings.distribution == ForecastForm::point) return error * error;
  if (settings.distribution == ForecastForm::gaussian)
    return std::log(deviation) + error * error / (2 * deviation * deviation) +
           std::log(2 * std::numbers::pi) / 2;
  const std::vector<double> levels = settings.levels();
  double sum = 0;
  for (const double q : levels) {
    const double above = error - deviation * normal_quantile(q);
    sum += std::max(q * above, (q - 1) * above) / static_cast<double>(levels.size());
  }
  return sum;
}

/// The mean loss of such forecasts, given by level, over the steps of a part.
double loss_of(const PreparedSeries& series, const std::vector<std::int64_t>& steps,
               const Forecasts& forecasts) {
  const Scaling& scaling = series.preparation().target;
  const std::int64_t numbers = series.numbers(), count = series.targets();
  double sum = 0;
  for (std::size_t i = 0; i < steps.size(); ++i)
    for (std::int64_t n = 0; n < numbers; ++n) {
      const auto s = static_cast<std::size_t>(n);
      const auto level = series.levels_up_to(steps[i])[static_cast<std::size_t>(n % count)];
      const double from = series.path(level, n / count + 1).back();
      const Predictive& one = forecasts.all[i].numbers[s];
      const double mean = (one.level() - from - scaling.offset[s]) / scaling.unit[s];
      sum += loss_of_normal(series.settings(), mean, one.deviation() / scaling.unit[s],
                            static_cast<double>(series.wanted()[steps[i] * numbers + n]));
    }
  return sum / (static_cast<double>(steps.size()) * static_cast<double>(numbers));
}

/// The same of the normal distribution that the training part's numbers have, whatever was read.
double trivial_loss_of(const PreparedSeries& series, const std::vector<std::int64_t>& steps) {
  double sum = 0;
  for (const std::int64_t t : steps)
    for (std::int64_t n = 0; n < series.numbers(); ++n)
      sum += loss_of_normal(series.settings(), 0, 1,
                            static_cast<double>(series.wanted()[t * series.numbers() + n]));
  return sum / (static_cast<double>(steps.size()) * static_cast<double>(series.numbers()));
}

class SeriesTask final : public Task {
 public:
  explicit SeriesTask(const TaskConfig& config)
      : series_(std::make_shared<const PreparedSeries>(prepared_series(config))) {
    const SeriesSettings& settings = series_->settings();
    spec_ = {.input_size = series_->input_size(),
             .output_size = 0,
             .readout = Readout::every_step,
             .objective = series_objective(settings)};
    spec_.output_size = series_->numbers() * spec_.objective.outputs_per_number;
    spec_.criterion.units = series_->preparation().target.unit;
    const std::vector<std::int64_t> validation = steps_of(series_->validation());
    trivial_loss_ = trivial_loss_of(*series_, validation);
    add_baselines(validation);
  }

  const TaskSpec& spec() const override { return spec_; }

  std::unique_ptr<DataSource> training(std::uint64_t seed) const override {
    const std::shared_ptr<const Dataset> pieces = training_pieces(series_);
    return shuffled(pieces, all_of(*pieces), seed);
  }
  std::unique_ptr<DataSource> validation(std::int64_t) const override {
    return judged_on(series_->validation());
  }
  std::unique_ptr<DataSource> test(std::int64_t) const override {
    return series_->test().count == 0 ? nullptr : judged_on(series_->test());
  }

  double trivial_loss() const override { return trivial_loss_; }
  SuccessRule success() const override {
    const auto best = std::ranges::min_element(baselines_, {}, &Baseline::validation_loss);
    return {{{"loss", Condition::Relation::below, best->validation_loss}},
            fmt::format("{} below {:.4g} (the best baseline's on the validation part, {})",
                        spec_.objective.name, best->validation_loss, best->name)};
  }
  bool ends_when_solved() const override { return false; }
  std::vector<Baseline> baselines() const override { return baselines_; }
  std::optional<Preparation> preparation() const override { return series_->preparation(); }
  std::string description() const override { return series_->description(); }

  std::vector<TaskFigure> judge(const AnswersOf& answers) const override {
    const std::int64_t horizon = series_->settings().horizon;
    const Backtest backtest = baselines_of(*series_, horizon);
    const Forecasts model = ModelForecaster(*series_, answers).forecast(backtest.origins, horizon);
    std::vector<TaskFigure> figures;
    for (std::size_t k = 0; k < series_->data().targets.size(); ++k) add_figures(model, backtest, k, figures);
    return figures;
  }

 private:
  std::unique_ptr<DataSource> judged_on(Range part) const {
    const std::shared_ptr<const Dataset> pieces = judged_pieces(series_, part);
    return in_order(pieces, all_of(*pieces));
  }

  /// Those that a part is judged on.
  std::vector<std::int64_t> steps_of(Range part) const {
    std::vector<std::int64_t> steps = judged_steps(*series_, part);
    if (!steps.empty() || part.count == 0) return steps;
    throw DataError(
        fmt::format("{}: no step of {} to {} has {} of context before it (task.context) and {} values behind "
                    "it in that part "
                    "(task.horizon): take a smaller context or horizon, or a larger share",
                    series_->data().file, series_->data().place(part.first),
                    series_->data().place(part.first + part.count - 1), series_->settings().context,
                    series_->settings().answered()));
  }

  void add_baselines(const std::vector<std::int64_t>& validation) {
    const std::int64_t ahead = series_->settings().answered();
    const std::vector<std::int64_t> test = steps_of(series_->test());
    const std::vector<Forecasts> on_validation = baseline_forecasts(*series_, validation, ahead);
    const std::vector<Forecasts> on_test = baseline_forecasts(*series_, test, ahead);
    for (std::size_t i = 0; i < on_validation.size(); ++i) {
      Baseline one{on_validation[i].name, loss_of(*series_, validation, on_validation[i])};
      if (!test.empty()) one.test_loss = loss_of(*series_, test, on_test[i]);
      baselines_.push_back(std::move(one));
    }
  }

  /// A measure's name, where there are several targets with the target's.
  std::string named(std::string_view name, std::size_t target) const {
    const auto& targets = series_->data().targets;
    return targets.size() == 1 ? std::string(name)
                               : fmt::format("{} of {}", name, printable(targets[target].name));
  }

  void add_figures(const Forecasts& model, const Backtest& backtest, std::size_t target,
                   std::vector<TaskFigure>& figures) const {
    const Scores scores = scores_of(*series_, model, target);
    const auto add = [&](std::string_view name, double value, std::string unit, Direction direction) {
      figures.push_back({named(name, target), value, std::move(unit), direction});
    };
    add("forecast_RMSE", scores.rmse, "unit of the data", Direction::lower);
    add("forecast_MASE", scores.mase, "errors of the naive forecast", Direction::lower);
    add("forecast_sMAPE", scores.smape, "%", Direction::lower);
    add("forecast_NRMSE", scores.nrmse, "standard deviations of the target", Direction::lower);
    add("forecast_CRPS", scores.crps, "unit of the data", Direction::lower);
    for (const Coverage& one : scores.coverage)
      if (!std::isnan(one.share))
        add(fmt::format("forecast_coverage_{}", one.percent), one.share, "share of values",
            Direction::higher);
    for (const Comparison& one : compared(*series_, model, backtest, target, series_->settings().horizon))
      add("baseline_" + one.measure, one.best, "the best baseline's", Direction::lower);
  }

  std::shared_ptr<const PreparedSeries> series_;
  TaskSpec spec_;
  double trivial_loss_ = 0;
  std::vector<Baseline> baselines_;
};

}  // namespace

Objective series_objective(const SeriesSettings& settings) {
  if (settings.distribution == ForecastForm::point) return mse_objective();
  return settings.distribution == ForecastForm::gaussian ? gaussian_objective()
                                                         : quantile_objective(settings.levels());
}

PreparedSeries prepared_series(const TaskConfig& config) {
  const SeriesSettings settings = series_settings(config);
  if (settings.data.empty())
    throw DataError("task.data: the task series learns from a table: give it as task.data=FILE.csv");
  return {read_series(content_of(settings.data), settings.data.path, settings), settings, config.preparation};
}

PreparedSeries prepared_series(const TaskConfig& config, const std::string& bytes, const std::string& file) {
  const SeriesSettings settings = series_settings(config);
  return {read_series(bytes, file, settings), settings, config.preparation};
}

TaskRow series_row() {
  return {.name = "series",
          .summary = "forecast a series of your own, a table with a row for each step of time (task.data)",
          .source = "your data",
          .variants = {},
          .length = std::nullopt,
          .options = series_options::rows(),
          .use =
              [](const TaskConfig& config) {
                return ModelUse{"forecast", {series_settings(config).data.path}};
              },
          .make = [](const TaskConfig& config, const ObjectiveList&) -> std::unique_ptr<Task> {
            return std::make_unique<SeriesTask>(config);
          }};
}

}  // namespace unroll
