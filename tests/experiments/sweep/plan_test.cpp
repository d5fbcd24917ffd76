#include "experiments/sweep/plan.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <set>

#include "tests/experiments/sweep/planned.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"

using namespace unroll;
using namespace unroll::config_tests;

namespace {

const std::filesystem::path configs = std::filesystem::path(UNROLL_SOURCE_DIR) / "experiments/configs";

}  // namespace

TEST_CASE("[plan] the long-range study is three activations by four lengths by five seeds") {
  const SweepPlan plan = plan_sweep(laboratory(), configs / "long_range.toml", {});
  CHECK(plan.axis_keys == Strings{"seed", "task.length", "model.activation", "model.init"});
  REQUIRE(plan.trials.size() == 60);
  const std::vector<std::string> all = ids(plan);
  CHECK(std::set<std::string>(all.begin(), all.end()).size() == 60);
  const Trial& second = plan.trials[1];
  CHECK(second.config.seed == 1);
  CHECK(second.config.task.length == 10);
  CHECK(second.config.model.activation == "relu");
  CHECK(second.config.model.init == "identity");
  CHECK(second.config.train.clip_value == 1.0);
  CHECK(plan.trials[59].axes == std::map<std::string, std::string>{{"seed", "5"},
                                                                   {"task.length", "100"},
                                                                   {"model.activation", "sigmoid"},
                                                                   {"model.init", "glorot"}});
  CHECK(plan.base.out == "out/long_range");
}

TEST_CASE("[plan] the configs that come with the program are valid") {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(configs)) {
    if (entry.path().extension() != ".toml") continue;  // a folder: configs on texts that are not here
    CAPTURE(entry.path().string());
    ++count;
    try {
      const SweepPlan plan = plan_sweep(laboratory(), entry.path(), {});
      CHECK_FALSE(plan.trials.empty());
    } catch (const ConfigError& error) {  // all that may be missing is the user's data
      CHECK(std::string(error.what()).find(" learns from ") != std::string::npos);
    }
  }
  CHECK(count >= 3);
  const SweepPlan control = plan_sweep(laboratory(), configs / "sigmoid_control.toml", {});
  REQUIRE(control.trials.size() == 5);
  CHECK(control.trials[0].config.model.activation == "sigmoid");
  CHECK(control.trials[0].config.task.length == 5);
  CHECK(control.trials[0].config.train.updates == 2500);
}

TEST_CASE("[plan] axes keep the order of the file, the last one fastest") {
  const SweepPlan plan =
      plan_of("[sweep]\n\"train.batch\" = [20, 10]\n\"model.activation\" = [\"tanh\", \"relu\"]\n");
  CHECK(plan.axis_keys == Strings{"train.batch", "model.activation"});
  CHECK(values(plan, "train.batch") == Strings{"20", "20", "10", "10"});
  CHECK(values(plan, "model.activation") == Strings{"tanh", "relu", "tanh", "relu"});
}

TEST_CASE("[plan] axes may be nested tables, and cases an array of tables") {
  const SweepPlan a = plan_of("[sweep]\n\"task.length\" = [10, 20]\n\"train.learning_rate\" = [1e-3, 0.01]");
  const SweepPlan b =
      plan_of("[sweep.task]\nlength = [10, 20]\n[sweep.train]\nlearning_rate = [0.001, 1e-2]");
  CHECK(ids(a) == ids(b));
  CHECK(values(a, "train.learning_rate") == Strings{"0.001", "0.01", "0.001", "0.01"});
  const SweepPlan c =
      plan_of("[sweep]\ncases = [{ seed = 4, \"task.length\" = 30 }, { task.length = 40, seed = 5 }]");
  const SweepPlan d =
      plan_of("[[sweep.cases]]\nseed = 4\ntask.length = 30\n[[sweep.cases]]\nseed = 5\ntask.length = 40");
  CHECK(c.trials.size() == 2);
  CHECK(ids(c) == ids(d));
}

TEST_CASE("[plan] a count of seeds begins at the config's seed or at `first`") {
  CHECK(values(plan_of("[sweep]\nseed = { count = 3 }"), "seed") == Strings{"1", "2", "3"});
  CHECK(values(plan_of("seed = 7\n[sweep]\nseed = { count = 2 }"), "seed") == Strings{"7", "8"});
  CHECK(values(plan_of("[sweep]\nseed = { first = \"18446744073709551614\", count = 2 }"), "seed") ==
        Strings{"18446744073709551614", "18446744073709551615"});
  CHECK(values(plan_of("[sweep]\nseed = [3, 1, 2]"), "seed") == Strings{"3", "1", "2"});
  CHECK(contains(error_in("[sweep]\nseed = { first = \"18446744073709551615\", count = 2 }"),
                 "beyond 2^64 - 1"));
  CHECK(contains(error_in("[sweep]\nseed = { cuont = 2 }"),
                 "f.toml:2:10: sweep.seed: unknown key \"cuont\"; did you mean "
                 "\"count\"?"));
  CHECK(contains(error_in("[sweep]\nseed = { first = 2 }"), "found no count"));
  CHECK(contains(error_in("[sweep]\nseed = { count = 0 }"), "sweep.seed.count: expected an integer from 1"));
}

TEST_CASE("[plan] a config without a sweep is a sweep of one") {
  const SweepPlan plan = plan_of("");
  REQUIRE(plan.trials.size() == 1);
  CHECK(plan.trials[0].axes.empty());
  CHECK(plan.base.out == "out/study");
}

TEST_CASE("[plan] an override replaces a setting, and the axis of its key") {
  const char* text = "[train]\nupdates = 50\n[sweep]\nseed = { count = 2 }\n\"task.length\" = [10, 20]";
  SweepPlan plan = plan_of(text, {"train.updates=60", "task.length=30"});
  CHECK(plan.axis_keys == Strings{"seed"});
  CHECK(plan.trials.size() == 2);
  CHECK(plan.trials[0].config.train.updates == 60);
  CHECK(plan.trials[0].config.task.length == 30);

  plan = plan_of(text, {"seed=5,6,7", "train.batch=1,2", "out=elsewhere"});
  CHECK(plan.axis_keys ==
        Strings{"seed", "task.length", "train.batch"});  // the replaced axis keeps its place
  CHECK(plan.trials.size() == 12);
  CHECK(plan.base.out == "elsewhere");
}

TEST_CASE("[plan] an override takes its key out of the cases, and cases then equal count once") {
  const SweepPlan plan =
      plan_sweep(laboratory(), configs / "long_range.toml", {"model.activation=tanh", "seed=1"});
  CHECK(plan.axis_keys == Strings{"task.length", "model.init"});
  CHECK(plan.trials.size() == 8);
}

TEST_CASE("[plan] an axis that is not one is refused") {
  CHECK(contains(error_in("[sweep]\n\"task.length\" = []"), "f.toml:2:1: the axis task.length is empty"));
  CHECK(contains(error_in("[sweep]\n\"task.length\" = 3"), "expected a list of values, found the integer 3"));
  CHECK(contains(error_in("[sweep]\njobs = [1, 2]"), "jobs cannot be swept"));
  CHECK(contains(error_in("", {"jobs=1,2"}), "jobs: expected an integer"));
  CHECK(contains(error_in("[sweep]\n\"task.lenght\" = [3]"), "did you mean \"task.length\"?"));
  CHECK(contains(error_in("[sweep]\n\"model.activation\" = [\"tanh\", \"rleu\"]"),
                 "f.toml:2:31: model.activation: \"rleu\" is unknown; did you mean \"relu\"?"));
  CHECK(contains(error_in("[sweep]\n\"task.length\" = [[3]]"), "found a list"));
  CHECK(contains(error_in("sweep = 3"), "expected a table [sweep]"));
}

TEST_CASE("[plan] cases must have the same keys") {
  CHECK(contains(error_in("[sweep]\ncases = [{ seed = 1 },\n{ \"task.length\" = 3 }]"),
                 "f.toml:3:1: case 2 lacks seed: all cases need the same keys (seed)"));
  CHECK(contains(error_in("[sweep]\ncases = [{ seed = 1 },\n{ seed = 2, \"task.length\" = 3 }]"),
                 "case 2 has task.length, which the first case lacks"));
  CHECK(contains(error_in("[sweep]\ncases = [{}]"), "case 1 is empty"));
  CHECK(contains(error_in("[sweep]\ncases = []"), "the axis cases is empty"));
  CHECK(contains(error_in("[sweep]\ncases = [3]"), "case 1: expected a table of keys"));
  CHECK(contains(error_in("[sweep]\ncases = { seed = 1 }"), "expected a list of tables"));
  CHECK(contains(error_in("[sweep]\nseed = [1]\ncases = [{ seed = 2 }]"),
                 "seed is in two axes; the other one is at f.toml:2:9"));
}

TEST_CASE("[plan] a trial that is there twice is refused with both points") {
  CHECK(contains(error_in("[sweep]\nseed = [1, 2, 1]"),
                 "f.toml:2:15: the point seed=1 is there twice; first at f.toml:2:9"));
  CHECK(contains(error_in("[sweep]\n\"train.learning_rate\" = [0.001, 1e-3]"), "is there twice"));
  CHECK(
      contains(error_in("[sweep]\ncases = [{ seed = 1 }, { seed = 1 }]"), "the point seed=1 is there twice"));
  CHECK(contains(error_in("[sweep]\n\"task.variant\" = [\"\", \"sum\"]"),
                 "two points of the sweep are the same trial: (task.variant=) and (task.variant=sum)"));
  CHECK(contains(error_in("", {"seed=1,1"}), "is there twice"));
}

TEST_CASE("[plan] what one key alone cannot tell is checked for every trial") {
  CHECK(contains(error_in("[task]\nvariant = \"summ\""),
                 "f.toml:2:11: task.variant: \"summ\" is no variant of adding; did you mean \"sum\"?"));
  CHECK(contains(error_in("[sweep]\n\"task.length\" = [100, 1]"), "f.toml:2:23: task.length: "));
  CHECK(contains(error_in("", {"task.length=1"}), "override \"task.length=1\": task.length: "));
  CHECK(
      contains(error_in("[model]\ninput_init = \"identity\""), "model.input_init: \"identity\" is unknown"));
}

TEST_CASE("[plan] a sweep beyond all measure is refused before it is expanded") {
  CHECK(contains(error_in("[sweep]\nseed = { count = 1000000 }\n\"task.length\" = [10, 20]"),
                 "over 1000000 trials"));
}

TEST_CASE("[plan] run plans one trial, from a file or from nothing") {
  const Trial defaults = plan_trial(laboratory(), std::nullopt, {});
  CHECK(defaults.config.task.variant == "sum");
  CHECK(defaults.config.out.empty());
  const SweepPlan sweep = plan_sweep(laboratory(), configs / "long_range.toml", {});
  const Trial trial =
      plan_trial(laboratory(), configs / "long_range.toml",
                 {"seed=1", "task.length=10", "model.activation=relu", "model.init=identity"});
  CHECK(trial.id == sweep.trials[1].id);  // run and sweep mean the same trial
  CHECK(trial.axes.empty());
}

TEST_CASE("[plan] run refuses axes and says how to fix them") {
  const std::string error =
      error_of<ConfigError>([] { plan_trial(laboratory(), configs / "long_range.toml", {}); });
  CHECK(contains(error, "expected one trial, found axes (seed, task.length, model.activation, model.init)"));
  CHECK(contains(error, "seed=1 task.length=10 model.activation=tanh model.init=glorot"));
  CHECK(contains(error_of<ConfigError>([] { plan_trial(laboratory(), std::nullopt, {"seed=1,2"}); }),
                 "found axes (seed)"));
}
