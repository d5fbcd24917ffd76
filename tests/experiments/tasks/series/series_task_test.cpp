#include <doctest/doctest.h>

#include "experiments/tasks/series/backtest.hpp"
#include "experiments/train/trial.hpp"
#include "tests/experiments/tasks/series/series_fixture.hpp"
#include "tests/support/judged.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;
using namespace unroll::series_test;

namespace {

/// A wave whose length changes from month to month: what comes next does not follow from a fixed recursion.
std::vector<double> bent_wave(int steps) {
  std::vector<double> all;
  double phase = 0;
  for (int t = 0; t < steps; ++t) {
    phase += 0.5 + 0.35 * std::sin(0.13 * t);
    all.push_back(50 + 10 * std::sin(phase) + 4 * std::cos(2 * phase));
  }
  return all;
}

Config training(TaskConfig task, std::int64_t updates) {
  Config config = laboratory().default_config();
  config.task = std::move(task);
  config.model.cell = CellText("gru");
  config.model.hidden = 12;
  config.train.optimizer = "adam";
  config.train.learning_rate = 0.01;
  config.train.updates = updates;
  config.train.validate_every = updates / 4;
  config.diagnose = {};
  laboratory().resolve(config);
  return config;
}

}  // namespace

TEST_CASE("[series] a trial keeps what its forecasts are worth beside the best baseline") {
  const TaskConfig task =
      config(rows(bent_wave(600)), {{"task.context", std::int64_t{24}}, {"task.horizon", std::int64_t{2}}});
  const TrialRecord record = run_trial(laboratory(), training(task, 400));
  REQUIRE(record.status == TrialStatus::done);
  for (const char* name : {"forecast_RMSE", "forecast_MASE", "forecast_sMAPE", "forecast_NRMSE",
                           "forecast_CRPS", "forecast_coverage_50", "forecast_coverage_80",
                           "forecast_coverage_95", "baseline_RMSE", "baseline_MASE"}) {
    CAPTURE(name);
    REQUIRE(record.scalar(name));
    CHECK(std::isfinite(*record.scalar(name)));
  }
  // Both go through the same data: the mean's error in training's own metric and in the backtest.
  CHECK(*record.scalar("forecast_RMSE") == doctest::Approx(*record.scalar("test_rmse")).epsilon(1e-3));
}

TEST_CASE(
    "[series] each kind of forecast asks for as many outputs as it needs, and is judged against baselines") {
  for (const char* kind : {"gaussian", "quantile", "point"}) {
    CAPTURE(kind);
    const TaskConfig task =
        config(rows(waves(200)), {{"task.horizon", std::int64_t{3}}, {"task.distribution", word(kind)}});
    const auto made = series_row().make(task, standard_objectives());
    const std::int64_t each = made->spec().objective.outputs_per_number;
    CHECK(made->spec().output_size == 3 * each);
    CHECK(each == (std::string(kind) == "gaussian" ? 2 : std::string(kind) == "quantile" ? 7 : 1));
    CHECK(made->baselines().size() >= 5);
    for (const Baseline& one : made->baselines()) {
      CHECK(std::isfinite(one.validation_loss));
      CHECK(std::isfinite(*one.test_loss));
    }
    CHECK(made->success().text.find("best baseline") != std::string::npos);
    // A normal forecast that knows nothing has the trivial loss: mean 0, deviation 1 of scaled numbers.
    std::vector<float> outputs;
    for (std::int64_t n = 0; n < 3; ++n)
      for (std::int64_t i = 0; i < each; ++i)
        outputs.push_back(
            each == 7 ? static_cast<float>(normal_quantile(standard_levels()[static_cast<std::size_t>(i)]))
                      : 0.0f);
    const auto source = made->validation(0);
    const Batch batch = source->batch(0, *source->size());
    Tensor<float> answers({batch.steps(), batch.rows(), std::ssize(outputs)});
    for (std::int64_t i = 0; i < answers.numel(); ++i)
      answers[i] = outputs[static_cast<std::size_t>(i) % outputs.size()];
    CHECK(judged(made->spec(), batch, answers).at("loss") ==
          doctest::Approx(made->trivial_loss()).epsilon(1e-5));
  }
}

TEST_CASE("[series] a baseline's loss is that of its forecasts as the objective has it") {
  for (const char* kind : {"gaussian", "quantile", "point"}) {
    const TaskConfig task =
        config(rows(waves(200)), {{"task.difference", integers({1})}, {"task.distribution", word(kind)}});
    const PreparedSeries series = prepared_series(task);
    const auto made = series_row().make(task, standard_objectives());
    const std::vector<std::int64_t> steps = series.origins(series.validation(), 1);
    const Forecasts naive = baseline_forecasts(series, steps, 1).front();
    const Scaling& scaling = series.preparation().target;
    const auto source = made->validation(0);
    const Batch batch = source->batch(0, *source->size());
    REQUIRE(batch.rows() == std::ssize(steps));
    const std::int64_t each = made->spec().output_size;
    Tensor<float> answers({batch.steps(), batch.rows(), each});
    for (std::int64_t b = 0; b < batch.rows(); ++b) {
      // Of one step ahead and a difference of lag 1 persistence is 0 on top of the path.
      const double deviation =
          naive.all[static_cast<std::size_t>(b)].numbers[0].deviation() / scaling.unit[0];
      const double mean = -scaling.offset[0] / scaling.unit[0];
      float* to = answers.data() + ((batch.steps() - 1) * batch.rows() + b) * each;
      if (each == 1) *to = static_cast<float>(mean);
      if (each == 2) to[0] = static_cast<float>(mean), to[1] = static_cast<float>(2 * std::log(deviation));
      if (each == 7)
        for (std::size_t i = 0; i < 7; ++i)
          to[i] = static_cast<float>(mean + deviation * normal_quantile(standard_levels()[i]));
    }
    CHECK(judged(made->spec(), batch, answers).at("loss") ==
          doctest::Approx(made->baselines().front().validation_loss).epsilon(1e-4));
  }
}
