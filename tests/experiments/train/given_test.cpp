// Second inputs and feedback in tasks, training, saved models and predictions.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "experiments/config/config_error.hpp"
#include "experiments/saved/model_inputs.hpp"
#include "experiments/saved/model_task.hpp"
#include "experiments/sweep/trial_id.hpp"
#include "experiments/train/config_check.hpp"
#include "experiments/train/free_run.hpp"
#include "experiments/train/taught_task.hpp"
#include "experiments/train/trial.hpp"
#include "experiments/verbs/predict_data.hpp"
#include "tests/experiments/saved/some_model.hpp"
#include "tests/experiments/tasks/file_fixture.hpp"
#include "tests/experiments/train/training.hpp"

using namespace unroll;
using namespace unroll::test;

namespace {

const std::string with_context = "cell two\ninput s\nstate h\nh' = tanh(W x + V s + U h + b)\n";
const std::string with_feedback = "cell fed\nfeedback y\nstate h\nh' = tanh(W x + V y + U h + b)\n";
const std::string plain_cell = "cell one\nstate h\nh' = tanh(W x + U h + b)\n";

/// A table of x, a second input u, and y' = 0.8 y + x u: 200 rows.
std::string table() {
  std::string text = "x,u,y\n";
  double y = 0;
  for (int t = 0; t < 200; ++t) {
    const double x = std::sin(0.7 * t), u = std::cos(0.13 * t * t);
    y = 0.8 * y + x * u;
    text += fmt::format("{:.4f},{:.4f},{:.4f}\n", x, u, y);
  }
  return text;
}

FileSettings settings(const std::string& context) {
  FileSettings all = {
      {"task.data", csv(table())}, {"task.target", names("y")}, {"task.window", std::int64_t{20}}};
  if (!context.empty()) all["task.second_input"] = names(context);
  return all;
}

Config config_with(const std::string& cell, TaskConfig task) {
  Config config = laboratory().default_config();
  config.task = std::move(task);
  config.model.cell = cell;
  config.model.hidden = 5;
  config.train.updates = 20;
  config.train.validation_sequences = config.train.test_sequences = 10;
  laboratory().resolve(config);
  return config;
}

std::string refused(const Config& config) {
  try {
    check_config(laboratory(), config, [](std::string_view) { return ""; });
    return "accepted";
  } catch (const ConfigError& error) {
    return error.what();
  }
}

TaskConfig lorenz(std::int64_t free_steps = 0) {
  TaskConfig task{.name = "lorenz63", .length = 15};
  task.values["task.free_steps"] = free_steps;
  return task;
}

}  // namespace

TEST_CASE(
    "[file task] a second input is columns behind those of the first; `next` predicts the first alone") {
  const auto task = file_task(settings("u"));
  CHECK(task->spec().input_size == 2);
  CHECK(task->spec().context_size == 1);
  CHECK(task->spec().output_size == 1);
  CHECK(task->preparation()->columns == std::vector<std::string>{"x", "u"});
  CHECK(task->description().find("a step has 1 numbers and 1 of a second input") != std::string::npos);
  FileSettings next = settings("u");
  next["task.target"] = names("next");
  next["task.inputs"] = std::vector<std::string>{"x", "y"};
  next["task.scale"] = text("none");
  const auto ahead = file_task(next);
  CHECK(ahead->spec().input_size == 3);
  CHECK(ahead->spec().output_size == 2);
  const Batch batch = ahead->training(1)->batch(0, 4);
  const auto &inputs = std::get<Tensor<float>>(batch.inputs), &target = std::get<Tensor<float>>(batch.target);
  for (std::int64_t place = 0; place + 4 < 20 * 4; ++place)
    for (std::int64_t c = 0; c < 2; ++c) CHECK(target[place * 2 + c] == inputs[(place + 4) * 3 + c]);
  CHECK(ahead->baselines().size() == 2);

  CHECK(refusal([] {
          FileSettings both = settings("u");
          both["task.inputs"] = std::vector<std::string>{"x", "u"};
          return both;
        }())
            .find("task.second_input: the column \"u\" of data.csv is in task.inputs too") !=
        std::string::npos);
  CHECK(refusal(settings("v")).find("task.second_input: data.csv: there is no column \"v\"") !=
        std::string::npos);
}

TEST_CASE("[file task] a second input of arrays has the sequences and steps of the first") {
  const auto arrays = [](Tensor<float> context) {
    return FileSettings{
        {"task.data",
         npz({{"x", Tensor<float>({4, 6})}, {"s", std::move(context)}, {"y", Tensor<float>({4, 6, 2})}})},
        {"task.inputs", names("x")},
        {"task.second_input", names("s")},
        {"task.target", names("y")},
        {"task.objective", text("mse")},
        {"task.validation_fraction", 0.5},
        {"task.scale", text("none")}};
  };
  Tensor<float> s({4, 6, 3});
  for (std::int64_t i = 0; i < s.numel(); ++i) s[i] = static_cast<float>(i);
  const auto task = file_task(arrays(s));
  CHECK(task->spec().input_size == 4);
  CHECK(task->spec().context_size == 3);
  const Batch batch = all_of(*task->validation(0));
  const auto& inputs = std::get<Tensor<float>>(batch.inputs);
  for (std::int64_t t = 1; t < 6; ++t)
    CHECK(inputs[t * batch.rows() * 4 + 1] - inputs[(t - 1) * batch.rows() * 4 + 1] == 3);
  CHECK(refusal(arrays(Tensor<float>({4, 5, 3})))
            .find("the array \"s\" is (4, 5, 3), expected (4, 6, NUMBERS)") != std::string::npos);
}

TEST_CASE("[train] a cell and a task that do not agree on a second input: both are named") {
  CHECK(refused(config_with(with_context, {.name = "adding"}))
            .find("reads a second input, but the task adding gives none") != std::string::npos);
  CHECK(refused(config_with(plain_cell, file_config(settings("u"))))
            .find("gives a second input of 1 numbers (task.second_input), but the "
                  "cell one@") != std::string::npos);
  CHECK(refused(config_with(with_context, file_config(settings("u")))) == "accepted");
}

TEST_CASE("[train] a second input is learned from: what depends on it is not predicted without") {
  Config config = config_with(with_context, file_config(settings("u")));
  config.train.updates = 300;
  config.train.optimizer = "adam";
  config.train.learning_rate = 0.01;
  laboratory().resolve(config);
  const double with = *run_trial(laboratory(), config).scalar("best_loss");
  FileSettings x_alone = settings("");
  x_alone["task.inputs"] = names("x");
  config.task = file_config(x_alone);
  config.model.cell = plain_cell;
  laboratory().resolve(config);
  const double without = *run_trial(laboratory(), config).scalar("best_loss");
  CHECK(with < 0.7 * without);
}

TEST_CASE("[train] feedback is the target of the step before, behind the inputs; at the first step 0") {
  const Config config = config_with(with_feedback, lorenz());
  const auto task = task_for(laboratory(), config);
  CHECK(task->spec().input_size == 6);
  CHECK(task->spec().feedback_size == 3);
  const Batch batch = task->training(1)->batch(0, 4),
              before = laboratory().make_task(config.task)->training(1)->batch(0, 4);
  const auto &inputs = std::get<Tensor<float>>(batch.inputs), &own = std::get<Tensor<float>>(before.inputs);
  const auto& target = std::get<Tensor<float>>(batch.target);
  for (std::int64_t place = 0; place < batch.steps() * 4; ++place)
    for (std::int64_t c = 0; c < 3; ++c) {
      CHECK(inputs[place * 6 + c] == own[place * 3 + c]);
      CHECK(inputs[place * 6 + 3 + c] == (place < 4 ? 0.0f : target[(place - 4) * 3 + c]));
    }
  CHECK(task_for(laboratory(), config_with(plain_cell, lorenz()))->spec().input_size == 3);
}

TEST_CASE("[train] tasks whose targets are no outputs of every step are refused, with cell and task") {
  const auto why = [](TaskConfig task) { return refused(config_with(with_feedback, std::move(task))); };
  CHECK(why({.name = "adding"})
            .find("reads the outputs of the step before, which are targets in training, but the task adding "
                  "has a target after the last step alone") != std::string::npos);
  CHECK(why(any_task("characters", "", 1)).find("reads tokens") != std::string::npos);
  CHECK(why({.name = "copy"}).find("no targets that are numbers") != std::string::npos);
  CHECK(why(lorenz()) == "accepted");
  Config deep = config_with(with_feedback, lorenz());
  deep.model.layers = 2;
  CHECK(refused(deep) == "accepted");
  deep.train.own_feedback = true;
  CHECK(refused(deep).find("model.layers is 2; outputs come back") != std::string::npos);
  FileSettings streams = settings("");
  streams["task.window"] = std::int64_t{0};
  Config carried = config_with(with_feedback, file_config(streams));
  carried.train.window = carried.train.stride = 4;
  CHECK(refused(carried) == "accepted");
  carried.train.own_feedback = true;
  CHECK(refused(carried).find("is evaluated in streams") != std::string::npos);
}

TEST_CASE(
    "[train] evaluations feed back targets, or where asked the outputs; training does the same either way") {
  Config config = config_with(with_feedback, lorenz());
  config.train.window = 5;  // a window's first feedback is that of the step before it
  laboratory().resolve(config);
  Config own = config;
  own.train.own_feedback = true;
  Training taught(config), free(own);
  for (std::int64_t n = 0; n < 6; ++n) CHECK(taught.update(n) == free.update(n));
  const double a = taught.validate().loss(), b = free.validate().loss();
  CHECK(std::isfinite(b));
  CHECK(a != b);
  // It is a part of the id where it matters, and nowhere else.
  CHECK(trial_id(laboratory(), config) != trial_id(laboratory(), own));
  Config other = config_with(plain_cell, lorenz()), same = other;
  same.train.own_feedback = true;
  CHECK(trial_id(laboratory(), other) == trial_id(laboratory(), same));
}

TEST_CASE("[train] windows and whole sequences see the same feedback: losses add up to the same") {
  Config config = config_with(with_feedback, lorenz());
  config.train.learning_rate = 0;
  Config windowed = config;
  windowed.train.window = windowed.train.stride = 5;
  Training whole(config), pieces(windowed);
  double sum = 0;
  for (std::int64_t n = 0; n < 3; ++n) sum += pieces.update(n) / 3;
  CHECK(whole.update(0) == doctest::Approx(sum).epsilon(1e-5));
}

TEST_CASE("[train] on its own a model with feedback reads its answer twice: as input and as feedback") {
  const SequenceModel model(
      [](std::int64_t size) {
        return make_cell("cell f\nfeedback y\nstate h\nh' = W x + V y + U h\n",
                         {.input_size = size, .hidden_size = 1, .output_size = 1});
      },
      1, {.state_readout = true}, 1, Readout::every_step);
  std::vector<Tensor<float>> parameters;
  for (const ParameterSpec& spec : model.parameters()) parameters.emplace_back(spec.shape, 0.25f);
  FreeRun how{.warm_up = Tensor<float>({2, 1, 2}, {1.0f, 0.0f, 3.0f, 2.0f}), .steps = 3};
  const Tensor<float> answers = run_freely(model, parameters, how);
  float h = 0.25f * (1 + 0), y = 0;
  h = 0.25f * (3 + 2 + h);
  for (std::int64_t t = 0; t < 3; ++t) {
    y = h;
    CHECK(answers[t] == doctest::Approx(y));
    h = 0.25f * (y + y + h);
  }
  Config config = config_with(with_feedback, lorenz(40));
  config.train.updates = 3;
  CHECK(run_trial(laboratory(), config).scalar("free_D_stsp"));
}

TEST_CASE("[train] instruments, the regulariser and the search for what is not finite see such cells, too") {
  for (const std::string& cell : {with_context, with_feedback}) {
    Config config = config_with(cell, file_config(settings(cell == with_context ? "u" : "")));
    config.train.updates = 2;
    config.train.omega = 0.1;
    for (const Instrument& one : laboratory().instruments())
      if (!one.objection || one.objection(laboratory(), config).empty()) config.diagnose.push_back(one.name);
    config.diagnose.erase(config.diagnose.begin());  // the default one, which is in the list
    config.diagnose_at = {"end"};
    CHECK(config.diagnose.size() >= 5);
    const TrialRecord record = run_trial(laboratory(), config);
    CHECK(record.series.size() >= 5);
    CHECK(std::isfinite(*record.scalar("best_loss")));
  }
  const std::string overflows =
      "cell o\ninput s\nstate h\nh' = tanh(W x + U h) + exp(1000 * sum(s)) * 1e30\n";
  Training training(config_with(overflows, file_config(settings("u"))));
  CHECK_FALSE(std::isfinite(training.update(0)));
  CHECK(training.first_non_finite().find("exp(1000 * sum(s))") != std::string::npos);
}

TEST_CASE("[saved] models with a second input and with feedback are kept and used") {
  for (const std::string& cell : {with_context, with_feedback}) {
    const bool context = cell == with_context;
    Config config = config_with(cell, file_config(settings(context ? "u" : "")));
    if (!context) config.task.values["task.inputs"] = names("x");
    const auto task = task_for(laboratory(), config);
    const SequenceModel model = make_model(laboratory().cells(), config, sizes_of(task->spec()));
    const std::vector<ParameterSpec> specs = model.parameters();
    const std::vector<Tensor<float>> parameters = initial_parameters(config, model);
    const unroll::TemporaryFolder folder;
    const std::filesystem::path path = (folder / "").parent_path();
    save_model(laboratory(), path, config, {Kept::best, *task, specs, parameters, 7, 1.25, true});
    const SavedModel loaded = load_model(laboratory(), path);
    CHECK(loaded.sizes.inputs == task->spec().input_size);
    CHECK(loaded.sizes.context == task->spec().context_size);
    CHECK(loaded.sizes.feedback == task->spec().feedback_size);
    write_file(folder / "new.csv", "x,u,y\n0.5,1,9\n0.25,2,9\n0.75,3,9\n");
    const Listing rows = predictions(loaded, (folder / "new.csv").string());
    REQUIRE(rows.size() == 3);
    for (const auto& row : rows) CHECK(std::isfinite(row["output"].get<double>()));
  }
}
