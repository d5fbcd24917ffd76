#include "experiments/instruments/panel.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>

#include "experiments/train/trial.hpp"
#include "experiments/train/trial_models.hpp"
#include "tests/support/any_task.hpp"
#include "tests/support/laboratory.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace unroll;

namespace {

Config panel_config() {
  Config config = laboratory().default_config();
  config.task = any_task("adding", "sum", 12);
  config.model.hidden = 6;
  config.train.batch = 4;
  config.train.updates = 20;
  config.train.validate_every = 8;
  config.train.validation_sequences = 12;
  config.train.test_sequences = 12;
  config.train.early_stop = false;
  laboratory().resolve(config);
  return config;
}

/// Of those that can look at a trial.
std::vector<std::string> all_names(const Config& config) {
  std::vector<std::string> names;
  for (const Instrument& one : laboratory().instruments())
    if (!one.objection || one.objection(laboratory(), config).empty()) names.push_back(one.name);
  return names;
}

TrialRecord trained(Config config, const std::vector<std::string>& diagnose) {
  config.diagnose = diagnose;
  return run_trial(laboratory(), config);
}

/// What one look at a model before training finds; `change` may give its parameters other values.
Findings look(const std::string& name, const Config& config,
              const std::function<void(const ParameterSpec&, Tensor<double>&)>& change = nullptr) {
  TrialModels models(laboratory(), config);
  const std::vector<ParameterSpec>& specs = models.training_model().specs;
  std::vector<Tensor<double>> values;
  for (const Tensor<float>& p : initial_parameters(config, models.training_model().model))
    values.push_back(convert<double>(p));
  for (std::size_t i = 0; i < values.size() && change; ++i) change(specs[i], values[i]);
  Findings findings;
  find_instrument(laboratory().instruments(), name)
      ->look({laboratory(), config, models, values, 0, "start"}, findings);
  return findings;
}

double number(const Findings& findings, const std::string& name) {
  for (const Scalar& one : findings.numbers)
    if (one.name == name) return one.value;
  FAIL("no number " << name);
  return 0;
}

const RecordedSeries& series(const Findings& findings, const std::string& name) {
  const auto found = std::ranges::find(findings.series, name, &RecordedSeries::name);
  REQUIRE_MESSAGE(found != findings.series.end(), name);
  return *found;
}

/// Slopes of ln y from step to step.
std::vector<double> slopes(const RecordedSeries& norms) {
  std::vector<double> all;
  for (std::size_t t = 1; t < norms.y.size(); ++t) all.push_back(std::log(norms.y[t - 1] / norms.y[t]));
  return all;
}

}  // namespace

TEST_CASE("[instruments] looking changes no bit of the training") {
  std::map<std::string, Config> configs;
  configs["one layer"] = panel_config();
  Config deep = panel_config();
  deep.model.cell = "lstm";
  deep.model.layers = 2;
  deep.model.layer_norm = true;
  deep.model.dropout_output = 0.2;
  deep.model.zoneout = 0.1;
  deep.model.initial_state = "learned";
  deep.train.batch_shards = 2;
  deep.train.clip_norm = 0.1;
  configs["two layers, shards"] = deep;
  Config windows = panel_config();
  windows.task = any_task("copy", "5-bit", 3);
  windows.train.window = 5;
  windows.train.stride = 5;
  windows.model.cell = "slstm";  // counts steps
  configs["windows"] = windows;
  for (auto& [what, config] : configs) {
    CAPTURE(what);
    laboratory().resolve(config);
    const TrialRecord bare = trained(config, {}), seen = trained(config, all_names(config));
    REQUIRE(bare.status == TrialStatus::done);
    REQUIRE(seen.status == TrialStatus::done);
    for (const RecordedSeries& one : bare.series) {
      const RecordedSeries* other = seen.find(one.name, one.moment);
      REQUIRE(other != nullptr);
      CHECK(other->y == one.y);
    }
    for (const Scalar& one : bare.scalars) CHECK(seen.scalar(one.name) == one.value);
    CHECK(seen.series.size() > bare.series.size() + 10);
    CHECK(seen.scalars.size() > bare.scalars.size() + 5);
    for (const RecordedSeries& one : seen.series) CHECK(one.x.size() == one.y.size());
  }
}

TEST_CASE("[instruments] all of them look at every cell, at what is finite") {
  for (const CellRow& cell : laboratory().cells()) {
    Config config = panel_config();
    config.model.cell = cell.name;
    config.train.updates = 1;
    config.train.validate_every = 1;
    config.diagnose_at = {"0"};
    std::vector<std::string> names = all_names(config);
    std::erase(names, "fixed_points");  // thousands of steps
    const TrialRecord record = trained(config, names);
    INFO(cell.name, ": ", record.reason);
    REQUIRE(record.status == TrialStatus::done);
    CHECK(record.scalar("lyapunov_largest").has_value());
    CHECK(record.scalar("omega").has_value());
    CHECK(std::isfinite(record.scalar("memory_capacity").value_or(NAN)));
    CHECK(record.find("largest singular value of the Jacobian", "start") != nullptr);
  }
}

TEST_CASE("[instruments] what overflows is left out, and the trial's own divergence is what is said") {
  for (const char* activation : {"identity", "relu"}) {
    Config config = panel_config();
    config.model.activation = activation;
    config.model.init = "identity";
    config.model.init_scale = 1e30;
    config.task = any_task("adding", "sum", 40);  // 1e1200 at its end
    laboratory().resolve(config);
    const TrialRecord record = trained(config, all_names(config));
    INFO(record.reason);
    CHECK(record.status == TrialStatus::diverged);
    CHECK(record.find("eigenvalues of W_hh", "start") != nullptr);
    CHECK(record.find("Lyapunov exponents with input", "start") == nullptr);
  }
}

TEST_CASE("[instruments] looks are where diagnose_at says, numbers are series over updates") {
  Config config = panel_config();
  config.diagnose_at = {"0", "every 6", "end"};
  const TrialRecord record = trained(config, {"recurrent_matrix", "state_gradients"});
  for (const char* moment : {"start", "update 6", "update 12", "update 18", "end"}) {
    CAPTURE(std::string(moment));
    CHECK(record.find("gradient norm of h", moment) != nullptr);
    CHECK(record.find("eigenvalues of W_hh", moment) != nullptr);
  }
  const RecordedSeries* radius = record.find("spectral_radius_W_hh");
  REQUIRE(radius != nullptr);
  CHECK(radius->x == std::vector<double>{0, 6, 12, 18, 20});
  CHECK(record.scalar("spectral_radius_W_hh") == radius->y.back());
  config.diagnose_at = {"6"};
  const TrialRecord once = trained(config, {"state_gradients"});
  CHECK(once.find("gradient norm of h", "start") == nullptr);
  CHECK(once.find("gradient norm of h", "update 6")->y == record.find("gradient norm of h", "update 6")->y);
}

TEST_CASE("[instruments] a linear net of g Q passes errors back with the slope ln g") {
  Config config = panel_config();
  config.model.activation = "identity";
  config.model.init = "orthogonal";
  config.model.init_scale = 0.9;
  config.task = any_task("adding", "sum", 60);
  laboratory().resolve(config);
  const Findings findings = look("state_gradients", config);
  for (const double slope : slopes(series(findings, "gradient norm of h")))
    CHECK(std::abs(slope - std::log(0.9)) < 1e-6);
}

TEST_CASE(
    "[instruments] an IRNN with all units on passes errors back unchanged, one with units off does not") {
  Config config = panel_config();
  config.model.cell = "irnn";
  config.task = any_task("adding", "sum", 60);
  laboratory().resolve(config);
  const auto on = [](const ParameterSpec& spec, Tensor<double>& value) {
    if (spec.name == "b_h") value.fill(0.1);
    for (double& x : value.span())
      if (spec.name == "W_xh") x = std::abs(x);
  };
  for (const double slope : slopes(series(look("state_gradients", config, on), "gradient norm of h")))
    CHECK(slope == 0);
  CHECK(number(look("saturation", config, on), "dead_h") == 0);
  CHECK(number(look("omega", config, on), "omega") == 0);
  const auto off = [](const ParameterSpec& spec, Tensor<double>& value) {
    if (spec.name == "b_h" || spec.name == "W_xh") value.fill(-0.1);
  };
  CHECK(number(look("saturation", config, off), "dead_h") == 1);
}

TEST_CASE("[instruments] g Q has its eigenvalues on a circle and its singular values g") {
  Config config = panel_config();
  config.model.init = "orthogonal";
  config.model.init_scale = 2;
  const Findings findings = look("recurrent_matrix", config);
  CHECK(number(findings, "spectral_radius_W_hh") == doctest::Approx(2).epsilon(1e-6));
  CHECK(number(findings, "largest_singular_value_W_hh") == doctest::Approx(2).epsilon(1e-6));
  CHECK(number(findings, "smallest_singular_value_W_hh") == doctest::Approx(2).epsilon(1e-6));
  // WᵀW − I = 3 I.
  CHECK(number(findings, "distance_from_orthogonal_W_hh") ==
        doctest::Approx(3 * std::sqrt(6.0)).epsilon(1e-6));
  const RecordedSeries& circle = series(findings, "eigenvalues of W_hh");
  REQUIRE(circle.x.size() == 6);
  for (std::size_t i = 0; i < 6; ++i)
    CHECK(std::hypot(circle.x[i], circle.y[i]) == doctest::Approx(2).epsilon(1e-6));
  CHECK(findings.series.size() == 2);  // the input and readout matrices are none
}

TEST_CASE("[instruments] every gate of an LSTM is looked at by its own name, in every layer") {
  Config config = panel_config();
  config.model.cell = "lstm";
  config.model.layers = 2;
  const auto pushed = [](const ParameterSpec& spec, Tensor<double>& value) {
    value.fill(0);
    if (spec.name == "b_f") value.fill(std::log(9.0));  // f = 0.9
    if (spec.name == "b_i") value.fill(-10);            // i = 0
    if (spec.name == "layer2.b_o") value.fill(10);      // o = 1
    if (spec.name == "layer2.b_g") value.fill(5);       // g = 1
  };
  const Findings findings = look("saturation", config, pushed);
  CHECK(number(findings, "time_scale_c_by_f") == doctest::Approx(10).epsilon(1e-6));
  CHECK(number(findings, "closed_i") == 1);
  CHECK(number(findings, "open_i") == 0);
  CHECK(number(findings, "open_f") == 0);
  CHECK(number(findings, "open_layer2.o") == 1);
  CHECK(number(findings, "saturated_layer2.g") == 1);
  CHECK(number(findings, "saturated_g") == 0);
  CHECK(number(findings, "time_scale_layer2.c_by_f") == doctest::Approx(2));
  for (const Scalar& one : findings.numbers)
    CHECK_MESSAGE(one.name.find("_by_i") == std::string::npos, "an input gate keeps nothing");
}

TEST_CASE("[instruments] a GRU keeps its state by z, and not by its reset gate") {
  Config config = panel_config();
  config.model.cell = "gru";
  const auto zero = [](const ParameterSpec&, Tensor<double>& value) { value.fill(0); };
  const Findings findings = look("saturation", config, zero);
  CHECK(number(findings, "time_scale_h_by_z") == doctest::Approx(2));
  CHECK(std::ranges::count_if(findings.numbers,
                              [](const Scalar& one) { return one.name.starts_with("time_scale"); }) == 1);
}

TEST_CASE("[instruments] gradient norms over updates add up to all updates, clipped ones are counted") {
  Config config = panel_config();
  const TrialRecord free = trained(config, {"gradient_norm"});
  const RecordedSeries *median = free.find("global gradient norm", "median"),
                       *largest = free.find("global gradient norm", "largest"),
                       *histogram = free.find("updates by global gradient norm");
  REQUIRE(median != nullptr);
  REQUIRE(largest != nullptr);
  REQUIRE(histogram != nullptr);
  CHECK(median->x == std::vector<double>{8, 16, 20});
  for (std::size_t i = 0; i < 3; ++i) CHECK(median->y[i] <= largest->y[i]);
  CHECK(std::accumulate(histogram->y.begin(), histogram->y.end(), 0.0) == 20);
  CHECK(std::ranges::is_sorted(histogram->x));
  CHECK(free.find("global gradient norm", "since the last validation") == nullptr);
  CHECK_FALSE(free.scalar("clipped_share"));
  // Nothing is above the largest, all is above nearly nothing.
  config.train.clip_norm = *std::ranges::max_element(largest->y) * 1.01;
  CHECK(trained(config, {"gradient_norm"}).scalar("clipped_share") == 0);
  config.train.clip_norm = 1e-9;
  CHECK(trained(config, {"gradient_norm"}).scalar("clipped_share") == 1);
  config.train.clip_norm = 0;
  config.train.clip_value = 1e-9;
  CHECK(trained(config, {"gradient_norm"}).scalar("clipped_share") == 1);
}

TEST_CASE(
    "[instruments] a trial that the search stops sums up, and one that goes on counts every update once") {
  const TemporaryFolder folder;
  Config config = panel_config();
  config.diagnose = {"gradient_norm"};
  TrialHooks hooks;
  hooks.checkpoint = folder / "checkpoint.safetensors";
  hooks.stop_at = 11;
  const TrialRecord stopped = run_trial(laboratory(), config, hooks);
  REQUIRE(stopped.status == TrialStatus::stopped);
  CHECK(stopped.find("global gradient norm", "median")->x == std::vector<double>{8, 11});
  CHECK(stopped.find("global gradient norm", "since the last validation") == nullptr);
  hooks.stop_at = 0;
  const TrialRecord whole = run_trial(laboratory(), config), gone_on = run_trial(laboratory(), config, hooks);
  for (const char* moment : {"median", "largest"})
    CHECK(gone_on.find("global gradient norm", moment)->y == whole.find("global gradient norm", moment)->y);
  CHECK(gone_on.find("updates by global gradient norm")->y ==
        whole.find("updates by global gradient norm")->y);
}

TEST_CASE("[instruments] a row of one's own looks, too, and no name may be there twice") {
  Instrument own{.name = "parameter count",
                 .shows = "How many numbers are learned.",
                 .needs = "",
                 .source = "",
                 .look = [](const Subject& subject, Findings& findings) {
                   findings.numbers.push_back({"tensors", static_cast<double>(subject.parameters.size())});
                 }};
  const Laboratory mine({}, {}, {}, {own});
  Config config = panel_config();
  config.diagnose = {"parameter count"};
  CHECK(run_trial(mine, config).scalar("tensors") == 5);
  own.name = "omega";
  CHECK_THROWS_AS(Laboratory({}, {}, {}, {own}), std::invalid_argument);
}
