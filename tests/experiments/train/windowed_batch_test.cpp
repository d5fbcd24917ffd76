#include "experiments/train/windowed_batch.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "experiments/data/slices.hpp"
#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "models/cell_table.hpp"
#include "models/sequence_model.hpp"
#include "tests/experiments/train/training.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;
using sizes::B;
using sizes::T;
using namespace unroll::test;

namespace {

/// The only task with a loss at every step; 13 steps.
Config windowed_config(const std::string& cell) {
  Config config = laboratory().default_config();
  config.task = {.name = "copy", .variant = "5-bit", .length = 3};
  config.model.cell = cell;
  config.model.hidden = 6;
  if (cell == "ctrnn") config.model.constants = {{"sigma", 0}};  // one graph without windows has no noise
  config.train.batch = 4;
  config.train.updates = 6;
  config.train.validate_every = 3;
  config.train.validation_sequences = 10;
  return config;
}

/// Loss and gradients of one window.
struct WindowResult {
  double loss;
  std::vector<std::vector<float>> gradients;
};

/// All windows of one batch, with parameters that stay, in the engine's way.
struct Windowed {
  Config config;
  std::shared_ptr<const Task> task;
  std::shared_ptr<TaskModel> model;
  std::vector<Tensor<float>> parameters;
  Batch batch;

  explicit Windowed(const Config& wanted)
      : config(wanted),
        task(laboratory().make_task(config.task)),
        model(recorded()),
        parameters(initial_parameters(config, model->model)),
        batch(sample()) {}

  Batch sample() const { return task->training(config.seed)->batch(0, config.train.batch); }
  std::shared_ptr<TaskModel> recorded() const {
    const Recording recording{.windows = true, .weighted = true};
    auto made = std::make_shared<TaskModel>(laboratory().cells(), config, task->spec(), recording);
    made->record_gradients();
    return made;
  }
  std::int64_t steps() const { return batch.steps(); }

  std::vector<WindowResult> run(std::int64_t window, std::int64_t stride, std::int64_t shards = 1) const {
    ShardedPlan plan(model, model->training_outputs(), shards);
    WindowedBatch windows(*model, batch, window, stride);
    std::vector<WindowResult> results;
    for (Piece piece; !windows.finished(); windows.advance(plan)) {
      windows.fill(piece);
      plan.run(piece, parameters);
      WindowResult& result = results.emplace_back(WindowResult{plan.loss(), {}});
      for (const Var& g : model->parameter_gradients) {
        const std::span<float> values = plan.mean_elements(g);
        result.gradients.emplace_back(values.begin(), values.end());
      }
    }
    return results;
  }
};

/// The same window in another way: the whole sequence up to its end in one graph, where the states before the
/// window's first step are cut off by stop_gradient unless `flow`.
WindowResult in_one_graph(const Windowed& w, const Window& window, bool flow = false) {
  Tape tape;
  const SequenceModel model(make_cell(w.config.model.cell, {w.task->spec().input_size, w.config.model.hidden,
                                                            w.config.model.activation}),
                            w.task->spec().output_size, Readout::every_step);
  const Parameters p(tape, model.parameters());
  const auto part = [&](std::int64_t first, std::int64_t end) {
    Tensor<float> x;
    copy_range(std::get<Tensor<float>>(w.batch.inputs), 0, {first, end - first}, x);
    return tape.constant(convert<double>(x));
  };
  std::vector<Var> initial;
  if (window.first > 0) initial = model.record(part(0, window.first), p).final_state;
  if (!flow)
    for (Var& state : initial) state = stop_gradient(state);
  const Var y = model.record(part(window.first, window.end), p, initial).outputs;
  const Var classes = tape.index_input("classes", {window.end - window.counted, w.config.train.batch});
  const Var loss =
      cross_entropy(slice(y, 0, window.counted - window.first, window.end - window.counted), classes);
  std::vector<Var> trained;
  for (const ParameterSpec& spec : model.parameters())
    if (spec.trained) trained.push_back(p[spec.name]);
  std::vector<Var> outputs = gradients(loss, trained);
  outputs.push_back(loss);
  Plan<double> plan(tape, outputs);
  Tensor<std::int64_t> counted;
  copy_range(std::get<Tensor<std::int64_t>>(w.batch.target), 0, {window.counted, window.end - window.counted},
             counted);
  plan.bind(classes, counted);
  std::vector<Tensor<double>> values;
  for (const Tensor<float>& value : w.parameters) values.push_back(convert<double>(value));
  for (std::size_t i = 0; i < values.size(); ++i) plan.bind(p.all()[i], values[i]);
  plan.run();
  WindowResult result{plan.value(loss)[0], {}};
  outputs.pop_back();
  for (const Var& g : outputs) {
    result.gradients.emplace_back();
    for (const double x : plan.value(g)) result.gradients.back().push_back(static_cast<float>(x));
  }
  return result;
}

/// Largest difference, relative to the largest entry; what is smaller than rounding leaves is compared as it
/// is.
double distance(const WindowResult& a, const WindowResult& b) {
  REQUIRE(a.gradients.size() == b.gradients.size());
  double worst = std::abs(a.loss - b.loss) / std::abs(b.loss);
  for (std::size_t i = 0; i < a.gradients.size(); ++i) {
    double largest = 1e-4, error = 0;
    for (std::size_t j = 0; j < a.gradients[i].size(); ++j) {
      largest = std::max<double>(largest, std::abs(b.gradients[i][j]));
      error = std::max<double>(error, std::abs(a.gradients[i][j] - b.gradients[i][j]));
    }
    worst = std::max(worst, error / largest);
  }
  return worst;
}

}  // namespace

TEST_CASE("[truncated] loss and gradients of every window are those of one graph cut at its start") {
  for (const CellRow& cell : cell_table()) {
    const Windowed w(windowed_config(std::string(cell.name)));
    const std::int64_t steps = w.steps();
    for (const auto& [window, stride] : {std::pair{5, 3}, {4, 4}, {7, 2}, {13, 5}, {3, 1}, {20, 20}}) {
      const std::vector<WindowResult> found = w.run(window, stride);
      const std::vector<Window> windows = windows_of(steps, window, stride);
      REQUIRE(found.size() == windows.size());
      for (std::size_t i = 0; i < windows.size(); ++i) {
        INFO(cell.name, ": window ", window, ", stride ", stride, ", number ", i);
        CHECK(distance(found[i], in_one_graph(w, windows[i])) < 3e-5);
      }
    }
  }
}

TEST_CASE("[truncated] a graph that is not cut has other gradients") {
  const Windowed w(windowed_config("lstm"));
  const std::vector<WindowResult> found = w.run(5, 3);
  const std::vector<Window> windows = windows_of(w.steps(), 5, 3);
  for (std::size_t i = 0; i < windows.size(); ++i)
    if (windows[i].first > 0) CHECK(distance(found[i], in_one_graph(w, windows[i], true)) > 1e-3);
}

TEST_CASE("[truncated] the losses of the windows make up the loss of the whole sequence") {
  const Windowed w(windowed_config("gru"));
  const std::int64_t steps = w.steps();
  const double whole = in_one_graph(w, {0, 0, steps}).loss;
  for (const auto& [window, stride] : {std::pair{5, 3}, {4, 4}, {7, 2}}) {
    const std::vector<WindowResult> found = w.run(window, stride);
    const std::vector<Window> windows = windows_of(steps, window, stride);
    double sum = 0;
    for (std::size_t i = 0; i < windows.size(); ++i)
      sum += found[i].loss * static_cast<double>(windows[i].end - windows[i].counted);
    CHECK(sum / static_cast<double>(steps) == doctest::Approx(whole).epsilon(1e-6));
  }
}

TEST_CASE("[truncated] in shards the windows give the same, up to rounding") {
  const Windowed w(windowed_config("lstm"));
  const std::vector<WindowResult> whole = w.run(5, 3), parts = w.run(5, 3, 3);
  REQUIRE(whole.size() == parts.size());
  for (std::size_t i = 0; i < whole.size(); ++i) CHECK(distance(parts[i], whole[i]) < 1e-5);
}

TEST_CASE("[truncated] a window and a stride that hold the sequence are full BPTT, bit for bit") {
  for (const std::string cell : {"vanilla", "lstm", "gru"})
    for (const std::int64_t shards : {1, 2}) {
      Config config = windowed_config(cell);
      config.train.batch_shards = shards;
      const std::string full = to_json(run_trial(laboratory(), config));
      config.train.window = 40;
      config.train.stride = 13;
      CHECK(to_json(run_trial(laboratory(), config)) == full);
      config.train.stride = 12;
      CHECK(to_json(run_trial(laboratory(), config)) != full);
    }
}

TEST_CASE("[truncated] states enter a window as they were computed, with the parameters of that time") {
  Config config = windowed_config("lstm");
  config.train.window = 5;
  config.train.stride = 3;
  const Windowed w(config);
  ShardedPlan plan(w.model, w.model->training_outputs(), 1);
  WindowedBatch windows(*w.model, w.batch, 5, 3);
  std::vector<Tensor<float>> parameters = w.parameters;
  std::vector<Tensor<float>> at_first(14);  // h by the number of steps done, when they were first passed
  for (Piece piece; !windows.finished();) {
    windows.fill(piece);
    const Window window = windows.window();
    if (window.first > 0) CHECK(piece.initial[0].same_bits(at_first[window.first]));
    plan.run(piece, parameters);
    for (std::int64_t t = window.counted; t < window.end; ++t)
      at_first[t + 1] = plan.step_rows(w.model->recorded.state_trajectory[0], t - window.first);
    windows.advance(plan);
    for (float& x : parameters[0].span()) x += 0.1f;  // a step of the optimiser
  }
}

TEST_CASE("[truncated] every update takes the next window, and then the next batch") {
  Config config = windowed_config("vanilla");
  config.train.window = config.train.stride = 5;  // three windows of the 13 steps
  config.train.learning_rate = 1e-30;             // parameters stay
  config.train.optimizer = "sgd";
  Training trainer(config);
  std::vector<double> losses;
  for (std::int64_t n = 0; n < 6; ++n) losses.push_back(trainer.update(n));
  Windowed w(config);
  for (std::uint32_t number = 0; number < 2; ++number) {
    w.batch = w.task->training(config.seed)->batch(number, config.train.batch);
    const std::vector<WindowResult> expected = w.run(5, 5);
    REQUIRE(expected.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) CHECK(losses[3 * number + i] == expected[i].loss);
  }
}

TEST_CASE("[truncated] trials train, validate on whole sequences and have the same bits again") {
  for (const std::string cell : {"vanilla", "lstm"}) {
    Config config = windowed_config(cell);
    config.train.window = 6;
    config.train.stride = 4;
    config.train.batch_shards = 2;
    const TrialRecord record = run_trial(laboratory(), config);
    CHECK(record.status == TrialStatus::done);
    CHECK(record.updates == 6);
    CHECK(record.find("gradient norm of h", "start")->y.size() == 13);
    CHECK(to_json(run_trial(laboratory(), config)) == to_json(record));
  }
}

TEST_CASE("[truncated] a window that diverges says at which step of the sequence") {
  Config config = windowed_config("vanilla");
  config.model.activation = "identity";
  config.model.init = "identity";
  config.model.init_scale = 1e5;  // h grows by five digits per step and leaves float in the second window
  config.train.optimizer = "sgd";
  config.train.learning_rate = 1e-30;
  config.train.window = config.train.stride = 5;
  Training trainer(config);
  CHECK(std::isfinite(trainer.update(0)));
  CHECK_FALSE(std::isfinite(trainer.update(1)));
  CHECK(trainer.first_non_finite().starts_with(
      "h at time step 9 of 13, forward: `W_hh h` in the equation h' = act(W_xh x + W_hh h + b_h), where"));
}

TEST_CASE("[truncated] tasks without a loss at every step and strides that do not fit are refused") {
  Config config = windowed_config("vanilla");
  config.task = {.name = "adding", .variant = "sum", .length = 20};
  config.train.window = config.train.stride = 5;
  CHECK(training_refusal(config).find(
            "train.window is 5, but the task adding has its loss after the last step") != std::string::npos);
  config = windowed_config("vanilla");
  config.train.stride = 5;
  CHECK(training_refusal(config).find("train.stride is 5, but train.window is 0") != std::string::npos);
  config.train.window = 4;
  CHECK(training_refusal(config).find("every 5 steps through the last 4") != std::string::npos);
}

TEST_CASE("[truncated] a window costs less memory and time than the whole sequence") {
  Config config = windowed_config("lstm");
  config.task.length = 2000;
  config.train.batch = 100;
  const TrialCost full = trial_cost(laboratory(), config);
  config.train.window = config.train.stride = 20;
  const TrialCost windows = trial_cost(laboratory(), config);
  CHECK(windows.bytes < full.bytes);
  CHECK(windows.flops < full.flops);
}
