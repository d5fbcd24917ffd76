#include <doctest/doctest.h>

#include "experiments/sweep/plan.hpp"
#include "experiments/sweep/trial_axes.hpp"
#include "tests/experiments/sweep/planned.hpp"

using namespace unroll;
using namespace unroll::config_tests;

TEST_CASE("[plan] configs that make the same trials do not differ") {
  const SweepPlan a = plan_of("[sweep]\nseed = { count = 2 }\n\"task.length\" = [10, 20]");
  CHECK(plan_difference(laboratory(), a, a).empty());
  CHECK(plan_difference(laboratory(), a, plan_of("[sweep]\n\"task.length\" = [20, 10]\nseed = [2, 1]"))
            .empty());
  CHECK(plan_difference(laboratory(), a,
                        plan_of("", {"task.length=10,20", "seed=1,2", "jobs=3", "out=elsewhere"}))
            .empty());
  CHECK(
      plan_difference(laboratory(),
                      plan_of("[sweep]\ncases = [{seed = 1, task.length = 5}, {seed = 2, task.length = 6}]"),
                      plan_of("[sweep]\ncases = [{task.length = 6, seed = 2}, {task.length = 5, seed = 1}]"))
          .empty());
}

TEST_CASE("[plan] every differing key has its line with both values") {
  const SweepPlan a = plan_of("[sweep]\nseed = { count = 2 }");
  CHECK(plan_difference(laboratory(), a, plan_of("[train]\nupdates = 100\n[sweep]\nseed = { count = 3 }"),
                        "out/a") == Strings{"seed: [1, 2] in out/a, [1, 2, 3] in this config",
                                            "train.updates: 3000 in out/a, 100 in this config"});
  CHECK(plan_difference(laboratory(), a, plan_of("seed = 4")) ==
        Strings{"seed: [1, 2] in the output folder, 4 in this config"});
  CHECK(
      plan_difference(laboratory(), plan_of(""), plan_of("[sweep]\ncases = [{seed = 1, task.length = 5}]")) ==
      Strings{"task.length: 100 in the output folder, 5 in this config"});
  CHECK(plan_difference(laboratory(), plan_of("seed = 30"), plan_of("[sweep]\nseed = { count = 20 }")) ==
        Strings{"seed: 30 in the output folder, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, ...] (20 values) in "
                "this config"});
}

TEST_CASE("[plan] sets that take the same values in other combinations differ all the same") {
  const SweepPlan zipped =
      plan_of("[sweep]\ncases = [{seed = 1, task.length = 5}, {seed = 2, task.length = 6}]");
  const SweepPlan product = plan_of("[sweep]\nseed = [1, 2]\n\"task.length\" = [5, 6]");
  CHECK(plan_difference(laboratory(), zipped, product) ==
        Strings{"other combinations of seed, task.length: 2 trials in the output folder, 4 in this config"});
}

TEST_CASE("[plan] a default that follows from another setting is not named beside it") {
  CHECK(plan_difference(laboratory(), plan_of(""), plan_of("train.optimizer = \"adam\"")) ==
        Strings{"train.optimizer: rmsprop in the output folder, adam in this config"});
  CHECK(plan_difference(laboratory(), plan_of(""), plan_of("train.epsilon = 0.5")) ==
        Strings{"train.epsilon: 0 in the output folder, 0.5 in this config"});
}

TEST_CASE("[plan] another revision of the results is a difference") {
  const SweepPlan now = plan_of("");
  SweepPlan older = now;
  older.trials[0].revision = results_revision - 1;
  older.trials[0].id = "another";
  CHECK(plan_difference(laboratory(), older, now) ==
        Strings{"results_revision: " + std::to_string(results_revision - 1) + " in the output folder, " +
                std::to_string(results_revision) + " in this config"});
}
