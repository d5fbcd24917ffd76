#include "experiments/sweep/space.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <set>

#include "tests/experiments/sweep/planned.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"

using namespace unroll;
using namespace unroll::config_tests;

namespace {

/// What is written into the folder makes the same trials.
void check_resolved(const SweepPlan& plan) {
  CAPTURE(plan.resolved);
  const ConfigFile file(plan.resolved);
  const SweepPlan again = plan_sweep(laboratory(), file.path(), {});
  CHECK(ids(again) == ids(plan));
  CHECK(again.resolved == plan.resolved);
}

const std::string drawn_axes =
    "\"train.learning_rate\" = { log_uniform = [1e-4, 1e-1] }\n\"model.hidden\" = { integer = [8, 64] }\n"
    "\"model.activation\" = { choice = [\"tanh\", \"relu\"] }\n";

}  // namespace

TEST_CASE("[space] steps and counts are axes, in the file and on the command line") {
  CHECK(values(plan_of("[sweep]\n\"task.length\" = \"10..40:10\""), "task.length") ==
        Strings{"10", "20", "30", "40"});
  CHECK(values(plan_of("[sweep]\n\"task.length\" = [5, \"10..30:10\"]"), "task.length") ==
        Strings{"5", "10", "20", "30"});
  CHECK(values(plan_of("", {"task.length=10..30:10"}), "task.length") == Strings{"10", "20", "30"});
  CHECK(values(plan_of("", {"task.length=5,10..30:10"}), "task.length") == Strings{"5", "10", "20", "30"});
  CHECK(values(plan_of("seed = 4", {"seed={count=3}"}), "seed") == Strings{"4", "5", "6"});
  CHECK(values(plan_of("", {"seed={first=9,count=2}"}), "seed") == Strings{"9", "10"});
  CHECK(values(plan_of("[sweep]\nseed = { count = 2 }", {"seed=11..13:1"}), "seed") ==
        Strings{"11", "12", "13"});
  // A range of lengths without a step is one value.
  CHECK(plan_of("", {"task.name=parity", "task.length=3..40"}).trials.size() == 1);
  CHECK(plan_of("", {"task.name=parity", "task.length=3..40,5..9"}).trials.size() == 2);
  CHECK(
      plan_of("", {"train.learning_rate={log_uniform=[1e-4,1e-2]}", "sweep.sampler={kind='random',points=3}"})
          .trials.size() == 3);
}

TEST_CASE("[space] zipped lists go together, and are written as they were") {
  const SweepPlan plan = plan_of(
      "[sweep]\nseed = [1, 2]\nzip = { \"model.hidden\" = [8, 8, 16], \"train.updates\" = \"100..300:100\" "
      "}");
  CHECK(values(plan, "model.hidden") == Strings{"8", "8", "16", "8", "8", "16"});
  CHECK(values(plan, "train.updates") == Strings{"100", "200", "300", "100", "200", "300"});
  check_resolved(plan);
  const SweepPlan two = plan_of(
      "[[sweep.zip]]\n\"model.hidden\" = [8, 16]\n\"train.updates\" = [1, 2]\n"
      "[[sweep.zip]]\n\"task.length\" = [5, 6]\nseed = [1, 2]\n");
  CHECK(two.trials.size() == 4);
  check_resolved(two);
  CHECK(contains(error_in("[sweep]\nzip = { \"model.hidden\" = [8, 16], seed = [1] }"),
                 "expected lists of equal length, found 2 of model.hidden and 1 of seed"));
  CHECK(contains(error_in("[sweep]\nzip = []"), "the axis zip is empty"));
  CHECK(contains(error_in("[sweep]\nzip = {}"), "is empty"));
  CHECK(contains(error_in("[sweep]\nzip = { seed = [1, 1], \"model.hidden\" = [8, 8] }"), "is there twice"));
  CHECK(contains(error_in("[sweep]\nseed = [1]\nzip = { seed = [1, 2] }"), "seed is in two axes"));
}

TEST_CASE("[space] every drawn point is run with every seed, and with every other value") {
  const std::string sampler = "sampler = { kind = \"sobol\", points = 20, seed = 3 }\n";
  const SweepPlan plan =
      plan_of("[sweep]\n" + sampler + drawn_axes + "seed = { count = 3 }\n\"task.length\" = [5, 6]\n");
  REQUIRE(plan.trials.size() == 120);
  std::map<std::string, std::set<std::string>> seeds;
  for (const Trial& trial : plan.trials)
    seeds[trial.axes.at("train.learning_rate") + " " + trial.axes.at("model.hidden") + " " +
          trial.axes.at("model.activation")]
        .insert(trial.axes.at("seed"));
  CHECK(seeds.size() == 20);
  for (const auto& [point, of_point] : seeds) CHECK(of_point.size() == 3);
  check_resolved(plan);
  CHECK(ids(plan_of("[sweep]\n" + sampler + drawn_axes +
                    "seed = { count = 3 }\n\"task.length\" = [5, 6]\n")) == ids(plan));
}

TEST_CASE("[space] more points of a sampler begin with those that there were") {
  for (const std::string kind : {"random", "sobol"}) {
    const auto of = [&](const std::string& points) {
      return ids(
          plan_of("[sweep]\nsampler = { kind = \"" + kind + "\", points = " + points + " }\n" + drawn_axes));
    };
    const auto few = of("10"), many = of("25");
    CHECK(Strings(many.begin(), many.begin() + 10) == few);
  }
}

TEST_CASE("[space] points that are drawn twice count once") {
  const SweepPlan plan = plan_of(
      "[sweep]\nsampler = { kind = \"random\", points = 50 }\n\"model.hidden\" = { integer = [1, 3] }");
  CHECK(plan.trials.size() == 3);
  // Values that were listed and mean the same are a mistake all the same.
  CHECK(contains(error_in("[sweep]\nsampler = { kind = \"random\", points = 2 }\n" + drawn_axes +
                          "\"task.variant\" = [\"\", \"sum\"]"),
                 "are the same trial"));
}

TEST_CASE("[space] one at a time is the config and each axis alone around it") {
  const std::string config =
      "[task]\nlength = 20\n[model]\nhidden = 8\n[sweep]\nsampler = { kind = \"one_at_a_time\" }\n"
      "\"task.length\" = [10, 20, 30]\n\"model.hidden\" = [8, 16]\n"
      "\"train.learning_rate\" = [1e-3, 1e-2, 1e-1, 1]\n";
  const SweepPlan plan = plan_of(config, {"train.learning_rate=0.01,0.001,0.1,0.5"});
  CHECK(plan.trials.size() == 1 + (3 - 1) + (2 - 1) + (4 - 1));
  for (const Trial& trial : plan.trials) {
    const Config& c = trial.config;
    CHECK((c.task.length != 20) + (c.model.hidden != 8) + (c.train.learning_rate != 1e-3) <= 1);
  }
  check_resolved(plan);
  CHECK(plan_of(config + "seed = { count = 5 }\n").trials.size() == 5 * plan.trials.size());
  // What the config says itself is a value of the axis also where it is not listed.
  CHECK(plan_of(config, {"model.hidden=7,9"}).trials.size() == 1 + 2 + 2 + 3);
}

TEST_CASE("[space] a partial grid is every combination of some axes, the others as in the config") {
  const std::string axes =
      "\"task.length\" = [10, 20, 30]\n\"model.hidden\" = [8, 16]\n\"train.batch\" = [5, 10, 20]\nseed = { "
      "count = 2 }\n";
  const std::string base = "[task]\nlength = 10\n[model]\nhidden = 8\n[train]\nbatch = 5\n[sweep]\n";
  const SweepPlan one = plan_of(
      base + "sampler = { kind = \"partial_grid\", grids = [[\"task.length\", \"model.hidden\"]] }\n" + axes);
  CHECK(one.trials.size() == 3 * 2 * 2);
  for (const Trial& trial : one.trials) CHECK(trial.config.train.batch == 5);
  check_resolved(one);
  const SweepPlan two = plan_of(base +
                                "sampler = { kind = \"partial_grid\", grids = [[\"task.length\", "
                                "\"model.hidden\"], [\"train.batch\"]] }\n" +
                                axes);
  CHECK(two.trials.size() == (3 * 2 + 3 - 1) * 2);  // the config itself is in both
  CHECK(
      contains(error_in(base + "sampler = { kind = \"partial_grid\", grids = [[\"task.lenght\"]] }\n" + axes),
               "is no axis of this sweep; did you mean \"task.length\"?"));
}

TEST_CASE("[space] where leaves out what a loop over all points would") {
  const std::string grid =
      "[sweep]\n\"task.length\" = [10, 50, 100, 200]\n\"model.cell\" = [\"vanilla\", \"lstm\"]\n"
      "\"train.learning_rate\" = [1e-3, 1e-2]\nseed = { count = 3 }\n";
  const SweepPlan all = plan_of(grid);
  struct Case {
    const char* where;
    bool (*holds)(const Config&);
  };
  const std::vector<Case> cases = {
      {"task.length <= 100 or model.cell == 'lstm'",
       [](const Config& c) { return c.task.length.most <= 100 || c.model.cell == "lstm"; }},
      {"not (seed == 2 and train.learning_rate > 0.005)",
       [](const Config& c) { return !(c.seed == 2 && c.train.learning_rate > 0.005); }},
      {"task.length > 50 and task.length != 100 and seed >= 2", [](const Config& c) {
         return c.task.length.least > 50 && c.task.length.least != 100 && c.seed >= 2;
       }}};
  for (const Case& one : cases) {
    CAPTURE(one.where);
    Strings expected;
    for (const Trial& trial : all.trials)
      if (one.holds(trial.config)) expected.push_back(trial.id);
    const SweepPlan plan = plan_of(grid + "where = \"" + one.where + "\"\n");
    CHECK(ids(plan) == expected);
    CHECK(ids(plan_of(grid, {std::string("sweep.where=") + one.where})) == expected);
    check_resolved(plan);
  }
}

TEST_CASE("[space] where may leave out what cannot be trained") {
  const std::string grid =
      "[task]\nname = \"adding\"\n[sweep]\n\"train.batch_shards\" = [1, 4]\n\"train.batch\" = [2, 8]\n";
  CHECK(contains(error_in(grid), "train.batch_shards"));
  CHECK(plan_of(grid + "where = \"train.batch_shards == 1 or train.batch > 2\"").trials.size() == 3);
}

TEST_CASE("[space] bad samplers and conditions are refused with their place") {
  const std::string axis = "\n\"model.hidden\" = { integer = [1, 3] }";
  const auto sampler = [&](const std::string& text) { return error_in("[sweep]\nsampler = " + text + axis); };
  CHECK(contains(sampler("{ kind = \"random\", points = 0 }"),
                 "f.toml:2:39: sampler.points: expected an integer from 1 to 1000000, found the integer 0"));
  CHECK(contains(sampler("{ kind = \"random\", points = 1000000000 }"),
                 "expected an integer from 1 to 1000000"));
  CHECK(contains(sampler("{ kind = \"random\", points = 1.5 }"), "found the number 1.5"));
  CHECK(contains(sampler("{ kind = \"random\" }"), "random needs a number of points"));
  CHECK(contains(sampler("{ points = 3 }"), "expected a kind"));
  CHECK(contains(sampler("{ kind = \"randon\", points = 3 }"), "did you mean \"random\"?"));
  CHECK(contains(sampler("{ kind = \"random\", pionts = 3 }"), "did you mean \"points\"?"));
  CHECK(contains(sampler("{ kind = \"random\", points = 3, seed = -1 }"), "sampler.seed: expected"));
  CHECK(
      contains(sampler("\"random\""), "expected a table like { kind = \"random\", points = 100, seed = 1 }"));
  CHECK(contains(sampler("{ kind = \"grid\" }"),
                 "the axis model.hidden is drawn, but the sampler grid draws nothing"));
  CHECK(contains(error_in("[sweep]" + axis), "a sweep without a sampler draws nothing"));
  CHECK(contains(error_in("[sweep]\nsampler = { kind = \"random\", points = 3 }\nseed = [1]"),
                 "and there is none"));
  CHECK(contains(error_in("[sweep]\nsampler = { kind = \"one_at_a_time\", points = 3 }"), "draws nothing"));
  CHECK(contains(error_in("[sweep]\nsampler = { kind = \"partial_grid\" }"), "needs grids"));
  CHECK(contains(error_in("[sweep]\nsampler = { kind = \"grid\", grids = [[\"seed\"]] }"),
                 "grids are of partial_grid"));
  CHECK(contains(error_in("[sweep]\nsampler = { kind = \"partial_grid\", grids = [] }"),
                 "expected lists of keys"));
  CHECK(contains(error_in("[sweep]\nsampelr = 3"), "did you mean \"sampler\"?"));
  CHECK(contains(error_in("[sweep]\nwhere = 3"), "where: expected a condition in quotes"));
  CHECK(contains(error_in("[sweep]\nseed = [1, 2]\nwhere = \"seed > 2\""),
                 "f.toml:3:1: where: leaves out all 2 points of the sweep: seed > 2"));
  CHECK(contains(error_in("", {"sweep.wher=seed > 2"}),
                 "known are sweep.where, sweep.sampler and sweep.halving"));
  CHECK(contains(error_in("", {"sweep.where="}), "expected a value behind the ="));
  CHECK(contains(error_in("", {"sweep.sampler={"}), "not valid TOML"));
  CHECK(contains(error_in("", {"seed={count=0}"}), "sweep.seed.count: expected an integer from 1"));
  CHECK(contains(error_in("", {"seed={count=2}\nb=3"}), "expected one table in braces"));
  CHECK(contains(error_in("[sweep]\nsampler = { kind = \"random\", points = 1000000 }\nseed = [1, 2]" + axis),
                 "over 1000000 trials"));
}

TEST_CASE("[space] a hundred thousand trials are checked once a shape, and none is kept") {
  const ConfigFile file(
      "[model]\nhidden = 8\n[sweep]\nseed = { count = 1000 }\n\"task.length\" = [5, 6]\n"
      "\"train.learning_rate\" = \"0.001..0.05:0.001\"\n");
  Space space(laboratory(), read_source(laboratory().options(), file.path(), {}));
  REQUIRE(space.points() == 100'000);
  std::size_t trials = 0, shapes = 0;
  const Omitted omitted = expand(
      space,
      [&](Space::PointTrial&& made, std::size_t) {
        ++trials;
        shapes = std::max(shapes, made.shape + 1);
      },
      [](const ConfigError& error, std::size_t) { FAIL(error.what()); });
  CHECK(trials == 100'000);
  CHECK(omitted.left_out == 0);
  CHECK(shapes == 2);  // work that grows with trials is not done a hundred thousand times
}

TEST_CASE("[space] run takes a config whose axes are all fixed, whatever else its sweep says") {
  const ConfigFile file(
      "[sweep]\nsampler = { kind = \"random\", points = 3 }\nwhere = \"model.hidden < 2\"\n"
      "\"model.hidden\" = { integer = [1, 3] }");
  CHECK(plan_trial(laboratory(), file.path(), {"model.hidden=3"}).config.model.hidden == 3);
  CHECK(contains(error_of<ConfigError>([&] { plan_trial(laboratory(), file.path(), {}); }),
                 "found axes (model.hidden)"));
}
