#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <filesystem>

#include "experiments/config/overrides.hpp"
#include "experiments/saved/model_task.hpp"
#include "experiments/saved/series_model.hpp"
#include "experiments/sweep/plan.hpp"
#include "experiments/sweep/say.hpp"
#include "experiments/tasks/series/backtest.hpp"
#include "experiments/tasks/series/series_task.hpp"
#include "experiments/train/answering_model.hpp"
#include "experiments/train/free_run.hpp"
#include "experiments/train/trial.hpp"
#include "experiments/verbs/horizon_argument.hpp"
#include "experiments/verbs/listing.hpp"
#include "experiments/verbs/model_argument.hpp"
#include "experiments/verbs/number_flag.hpp"
#include "framework/tensor/gemm.hpp"

namespace unroll {

namespace {

/// A model that is judged, and the series that it is judged on.
struct Judged {
  std::string name;
  TaskConfig task;
  ModelSizes sizes;
  SequenceModel model;
  std::vector<Tensor<float>> parameters;
};

struct Words {
  std::vector<std::string> subjects, overrides;
};

/// Models and configs, and settings with a sign of equality.
Words words_of(const Arguments& arguments) {
  Words words;
  for (const std::string& word : arguments.words)
    (word.find('=') == std::string::npos ? words.subjects : words.overrides).push_back(word);
  if (words.subjects.empty())
    throw UsageError(
        "which model? Give the folder of a trained one, as out/passengers, or a config to train first");
  if (arguments.has("data"))
    words.overrides.push_back("task.data=" + arguments.flags["data"].as<std::string>());
  return words;
}

/// Whether it is a config, which is to be trained.
bool is_config(const std::filesystem::path& path) {
  return std::filesystem::is_regular_file(path) && path.filename() != "model.toml";
}

Judged saved(const Arguments& arguments, const std::string& name, const std::vector<std::string>& overrides) {
  SavedModel model = named_model(arguments, name, Learned::read);
  require_series_model(model);
  const ModelTask with = task_of(model, overrides);
  return {name, with.config.task, model.sizes, model.model(), std::move(model.parameters)};
}

/// The best model of a training that is kept nowhere.
Judged trained(const Arguments& arguments, const std::string& file,
               const std::vector<std::string>& overrides) {
  const Laboratory& laboratory = arguments.laboratory();
  const Trial trial = plan_trial(laboratory, file, overrides);
  const std::shared_ptr<const Task> task = laboratory.make_task(trial.config.task);
  single_threaded_products();
  say("training {}; `unroll run {}` keeps the model\n", file, file);
  std::vector<Tensor<float>> best;
  TrialHooks hooks;
  hooks.keep_model = [&](const KeptModel& kept) {
    if (kept.which == Kept::best) best = kept.parameters;
  };
  TaskConfig config = trial.config.task;
  config.preparation = task->preparation();
  const ModelSizes sizes = sizes_of(task->spec());
  const TrialRecord record = run_trial(laboratory, trial.config, hooks);
  if (record.status != TrialStatus::done)
    throw ModelError(fmt::format("{}: its training diverged: {}", file, record.reason));
  return {file, std::move(config), sizes, make_model(laboratory.cells(), trial.config, sizes),
          std::move(best)};
}

std::vector<Judged> judged_ones(const Arguments& arguments, const Words& words) {
  std::vector<Judged> all;
  for (const std::string& name : words.subjects)
    all.push_back(is_config(name) ? trained(arguments, name, words.overrides)
                                  : saved(arguments, name, words.overrides));
  return all;
}

Forecasts forecasts_of(Judged& one, const std::vector<std::int64_t>& origins, std::int64_t horizon) {
  const PreparedSeries series = prepared_series(one.task);
  AnsweringModel answering(one.model, one.sizes, one.parameters);
  Forecasts forecasts = ModelForecaster(series, answering.answers()).forecast(origins, horizon);
  forecasts.name = one.name;
  return forecasts;
}

/// What is the same for all models that are judged together.
bool same_series(const PreparedSeries& a, const PreparedSeries& b) {
  return a.data().file == b.data().file && a.judged() == b.judged() &&
         a.data().targets.size() == b.data().targets.size() &&
         a.data().targets.front().name == b.data().targets.front().name;
}

nlohmann::ordered_json row_of(const PreparedSeries& series, const Forecasts& forecasts, std::size_t target) {
  const Scores scores = scores_of(series, forecasts, target);
  nlohmann::ordered_json row = {{"forecaster", forecasts.name}};
  if (series.targets() > 1) row["target"] = series.data().targets[target].name;
  row["RMSE"] = scores.rmse;
  row["MASE"] = scores.mase;
  row["sMAPE"] = scores.smape;
  row["NRMSE"] = scores.nrmse;
  row["CRPS"] = scores.crps;
  for (const Coverage& one : scores.coverage) row[fmt::format("in {} %", one.percent)] = one.share;
  return row;
}

/// The one in the middle by RMSE; of an even number the better one of the two.
const Forecasts& median_of(const PreparedSeries& series, const std::vector<Forecasts>& models,
                           std::size_t target) {
  std::vector<const Forecasts*> order;
  for (const Forecasts& one : models) order.push_back(&one);
  std::ranges::stable_sort(order, {},
                           [&](const Forecasts* one) { return scores_of(series, *one, target).rmse; });
  return *order[(order.size() - 1) / 2];
}

std::string verdicts(const PreparedSeries& series, const std::vector<Forecasts>& models,
                     const Backtest& backtest, std::int64_t horizon) {
  std::string text;
  for (std::size_t k = 0; k < series.data().targets.size(); ++k) {
    const Forecasts& model = median_of(series, models, k);
    if (series.targets() > 1) text += series.data().targets[k].name + ":\n";
    if (models.size() > 1)
      text += fmt::format("Of {} models the one in the middle, {}:\n", models.size(), model.name);
    for (const Comparison& one : compared(series, model, backtest, k, horizon)) text += verdict(one) + "\n";
  }
  return text;
}

/// Of a model that runs on its own answers (a chaotic system's): what its task makes of that.
int run_on_its_own(const Arguments& arguments, const SavedModel& model, const Words& words) {
  const ModelTask with = task_of(model, words.overrides);
  const std::optional<FreeRun> run = with.task->free_run();
  if (!run || model.config.model.bidirectional) require_series_model(model);
  Listing rows;
  for (const TaskFigure& one : with.task->judge_free_run(run_freely(model.model(), model.parameters, *run)))
    rows.push_back({{"measure", one.name}, {"value", one.value}, {"unit", one.unit}});
  print_listing(rows, arguments);
  return exit_good;
}

int backtest(const Arguments& arguments) {
  const Words words = words_of(arguments);
  if (words.subjects.size() == 1 && !is_config(words.subjects.front())) {
    const SavedModel model = named_model(arguments, words.subjects.front());
    if (!is_series_model(model)) return run_on_its_own(arguments, model, words);
  }
  std::vector<Judged> all = judged_ones(arguments, words);
  const PreparedSeries series = prepared_series(all.front().task);
  const std::int64_t horizon = horizon_argument(arguments, series.settings());
  const Backtest judged = baselines_of(series, horizon);
  std::vector<Forecasts> models;
  for (Judged& one : all) {
    if (!same_series(prepared_series(one.task), series))
      throw UsageError(
          fmt::format("{} and {} learned from different series, or other shares of it: judge them one by "
                      "one",
                      all.front().name, one.name));
    models.push_back(forecasts_of(one, judged.origins, horizon));
  }
  Listing rows;
  for (std::size_t k = 0; k < series.data().targets.size(); ++k) {
    for (const Forecasts& one : models) rows.push_back(row_of(series, one, k));
    for (const Forecasts& one : judged.baselines) rows.push_back(row_of(series, one, k));
  }
  const SeriesData& data = series.data();
  say("{}: {} ahead of each of {} steps from {} to {}\n", data.file, horizon, judged.origins.size(),
      data.place(judged.origins.front()), data.place(judged.origins.back()));
  print_listing(rows, arguments);
  const std::string text = verdicts(series, models, judged, horizon);
  if (is_table(arguments))
    fmt::print("\n{}", text);
  else
    say("{}", text);
  return exit_good;
}

void add_backtest_flags(Flags& flags) {
  flags.add_options()("data", boost::program_options::value<std::string>(),
                      "another table of the same columns to judge on")("horizon", number_flag<std::int64_t>(),
                                                                       "steps ahead; default: task.horizon");
  add_format_flag(flags);
}

}  // namespace

const Verb& backtest_verb() {
  static const Verb verb{
      .name = "backtest",
      .summary = "how good forecasts of a series have been, beside baselines, from a rolling origin",
      .usage = "MODEL|CONFIG ... [task.key=value ...] [--data TABLE] [--horizon N] [--format table|json|csv]",
      .examples =
          "  unroll backtest out/passengers\n"
          "  unroll backtest out/passengers --data later.csv task.test_fraction=0.5\n"
          "  unroll backtest out/seeds/trials/*\n"
          "  unroll backtest out/lorenz task.free_steps=5000\n\n"
          "A forecast is made from each step of the test part (without one, of the validation part). RMSE "
          "and CRPS "
          "are\n"
          "in the unit of the data, MASE is 1 for the (seasonal) naive forecast in training, sMAPE is in "
          "percent, "
          "NRMSE\n"
          "in standard deviations; `in 80 %` is the share of values in the interval that should hold 80 %. A "
          "model of a "
          "chaotic\n"
          "system runs on its own answers instead: how long they are valid, and how like the system they "
          "stay.",
      .add_flags = add_backtest_flags,
      .run = backtest,
      .trains = true,
  };
  return verb;
}

}  // namespace unroll
