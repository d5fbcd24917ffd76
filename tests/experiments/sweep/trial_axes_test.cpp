#include "experiments/sweep/trial_axes.hpp"

#include <doctest/doctest.h>

#include <map>

#include "experiments/config/text.hpp"
#include "experiments/report/axes.hpp"
#include "tests/experiments/sweep/fake_sweep.hpp"
#include "tests/experiments/sweep/planned.hpp"
#include "tests/experiments/sweep/random_config.hpp"
#include "tests/support/any_task.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;
using namespace unroll::test;
using unroll::config_tests::Strings;

namespace {

Trial trial_of(const Strings& overrides) { return plan_trial(laboratory(), std::nullopt, overrides); }

SweepPlan set_of(std::vector<Trial> trials, const Strings& swept = {}) {
  SweepPlan plan;
  plan.trials = std::move(trials);
  derive_axes(laboratory(), plan, swept);
  return plan;
}

/// Its identity but for the seed, from the settings themselves.
std::string without_seed(const Trial& trial) {
  Config config = trial.config;
  config.seed = 0;
  return trial_id(laboratory(), config) + "/" + std::to_string(trial.revision);
}

/// Whether any two trials of a cell differ by more than their seed.
bool pools_configurations(const SweepPlan& plan) {
  const auto axes = sweep_axes(plan);
  for (const SweepCell& cell : sweep_cells(plan, axes, {}))
    for (const Trial* trial : cell.trials)
      if (without_seed(*trial) != without_seed(*cell.trials.front())) return true;
  return false;
}

/// A few keys with two values each, so that trials often have much in common.
std::vector<Trial> random_trials() {
  std::vector<std::pair<const Option*, std::vector<OptionValue>>> keys;
  const auto options = free_options();
  for (int i = 0; i < 3; ++i) {
    const Option* option = *rc::gen::elementOf(options);
    keys.push_back({option, {random_value(*option), random_value(*option)}});
  }
  std::map<std::string, Trial> trials;
  const int count = *rc::gen::inRange(1, 12);
  for (int i = 0; i < count; ++i) {
    std::map<std::string_view, std::string> chosen;
    for (const auto& [option, values] : keys)
      if (*rc::gen::arbitrary<bool>()) chosen[option->key] = to_text(*rc::gen::elementOf(values));
    chosen["seed"] = std::to_string(*rc::gen::inRange(1, 3));
    Strings overrides;
    for (const auto& [key, text] : chosen) overrides.push_back(fmt::format("{}={}", key, text));
    Trial trial = trial_of(overrides);
    if (*rc::gen::inRange(0, 8) == 0) trial.revision = results_revision - 1, trial.id += "-older";
    trials.emplace(trial.id, std::move(trial));
  }
  std::vector<Trial> all;
  for (auto& [id, trial] : trials) all.push_back(std::move(trial));
  return all;
}

bool differs(const SweepPlan& plan, const std::string& key) {
  const auto text = [&](const Trial& trial) {
    const auto at = trial.axes.find(key);
    return at == trial.axes.end() ? "(none)" : at->second;
  };
  return std::ranges::any_of(plan.trials,
                             [&](const Trial& trial) { return text(trial) != text(plan.trials.front()); });
}

}  // namespace

TEST_CASE("[trial axes] two configurations never share a row of statistics") {
  CHECK(rc::check("any two trials of a cell differ by the seed only", [] {
    SweepPlan plan = set_of(random_trials());
    RC_LOG() << joined(plan.axis_keys, " ");
    RC_ASSERT(!pools_configurations(plan));
    std::map<std::string, std::map<std::string, std::string>> points;
    for (const Trial& trial : plan.trials) points[trial.id] = trial.axes;
    std::set<std::map<std::string, std::string>> distinct;
    for (const auto& [id, axes] : points) distinct.insert(axes);
    RC_ASSERT(distinct.size() == plan.trials.size());
    for (const std::string& key : plan.axis_keys) RC_ASSERT(differs(plan, key));
  }));
}

TEST_CASE("[trial axes] the law above sees configurations that are pooled") {
  SweepPlan plan = set_of({trial_of({"seed=1"}), trial_of({"seed=2", "train.learning_rate=0.1"})});
  CHECK_FALSE(pools_configurations(plan));
  plan.axis_keys = {"seed"};
  CHECK(pools_configurations(plan));
}

TEST_CASE("[trial axes] what the first config sweeps comes first, then the table's order") {
  const SweepPlan plan = set_of({trial_of({"seed=1"}), trial_of({"train.batch=7", "model.hidden=9"}),
                                 trial_of({"task.length=8", "model.cell=gru", "seed=5"})},
                                {"train.batch", "seed"});
  CHECK(plan.axis_keys == Strings{"train.batch", "seed", "task.length", "model.cell", "model.hidden"});
  CHECK(plan.trials[0].axes == std::map<std::string, std::string>{{"train.batch", "20"},
                                                                  {"seed", "1"},
                                                                  {"task.length", "100"},
                                                                  {"model.cell", "vanilla"},
                                                                  {"model.hidden", "100"}});
}

TEST_CASE("[trial axes] a default that follows from other settings is no axis, unless one is set") {
  const std::vector<Trial> rules = {trial_of({"train.optimizer=rmsprop"}),
                                    trial_of({"train.optimizer=adam"})};
  CHECK(settings_of(laboratory(), rules[0]).size() == settings_of(laboratory(), rules[1]).size());
  CHECK(set_of(rules).axis_keys == Strings{"train.optimizer"});
  CHECK(set_of({rules[0], trial_of({"train.optimizer=adam", "train.epsilon=0.1"})}).axis_keys ==
        Strings{"train.optimizer", "train.epsilon"});
}

TEST_CASE("[trial axes] equations differ by what they compute; a constant that a cell lacks has no value") {
  const std::string leaky = "cell leaky\nconst dt = 0.5\nstate h\nh' = (1 - dt) * h + dt * act(W x + U h)\n";
  const std::string faster = "cell leaky\nconst dt = 0.5\nstate h\nh' = (1 - dt) * h + dt * act(W x)\n";
  const Trial a = trial_of({"model.cell=" + leaky}), b = trial_of({"model.cell=# words\n" + leaky}),
              c = trial_of({"model.cell=" + faster}),
              d = trial_of({"model.cell=" + leaky, "model.constants.dt=0.25"});
  CHECK(set_of({a, b}).axis_keys.empty());
  const SweepPlan plan = set_of({a, c, d});
  CHECK(plan.axis_keys == Strings{"model.cell", "model.constants.dt"});
  CHECK(plan.trials[0].axes.at("model.cell") != plan.trials[1].axes.at("model.cell"));
  CHECK_FALSE(plan.trials[0].axes.contains("model.constants.dt"));
  CHECK(plan.trials[2].axes.at("model.constants.dt") == "0.25");
  CHECK_FALSE(pools_configurations(plan));
}

TEST_CASE("[trial axes] texts of one path that say different things are told apart, moved ones are not") {
  const auto reading = [](const char* path, const char* hash) {
    Trial trial;
    trial.config = laboratory().unresolved_defaults();
    trial.config.task = any_task("words", "", {});
    trial.config.task.values[text_options::text.key] = InputFile{path, hash, nullptr};
    trial.id = trial_id(laboratory(), trial.config);
    return trial;
  };
  const Trial a = reading("/data/a.txt", "0123456789abcdef"), b = reading("/data/a.txt", "fedcba9876543210"),
              c = reading("/moved/a.txt", "0123456789abcdef");
  const SweepPlan plan = set_of({a, b, c});
  CHECK(plan.axis_keys == Strings{"task.text"});
  CHECK(plan.trials[0].axes.at("task.text") == "/data/a.txt@0123456789abcdef");
  CHECK(plan.trials[1].axes.at("task.text") == "/data/a.txt@fedcba9876543210");
  CHECK(set_of({a, c}).axis_keys.empty());
}
