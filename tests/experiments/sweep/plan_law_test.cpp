#include <doctest/doctest.h>
#include <fmt/format.h>
#include <rapidcheck.h>

#include "experiments/sweep/plan.hpp"
#include "tests/experiments/sweep/planned.hpp"
#include "tests/experiments/sweep/random_config.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;
using namespace unroll::test;
using namespace unroll::config_tests;

namespace {}  // namespace

TEST_CASE("[plan] a resolved config makes the same trials, again and again") {
  const ConfigFile file("");
  const ConfigFile again("");
  CHECK(rc::check("resolving is the identity on trials", [&] {
    const std::string text = random_config();
    RC_LOG() << text;
    file.write(text);
    const SweepPlan plan = plan_sweep(laboratory(), file.path(), {});
    again.write(plan.resolved);
    const SweepPlan second = plan_sweep(laboratory(), again.path(), {});
    RC_ASSERT(ids(second) == ids(plan));
    RC_ASSERT(second.resolved == plan.resolved);
    RC_ASSERT(second.axis_keys == plan.axis_keys);
    for (std::size_t i = 0; i < plan.trials.size(); ++i) {
      RC_ASSERT(second.trials[i].axes == plan.trials[i].axes);
    }
    RC_ASSERT(plan_difference(laboratory(), plan, second).empty());
  }));
}

TEST_CASE("[plan] a file and the same overrides make the same trial") {
  const ConfigFile file("");
  CHECK(rc::check("an override is a line of the file", [&] {
    std::string text;
    std::vector<std::string> overrides;
    for (const Option* option : free_options()) {
      if (*rc::gen::arbitrary<bool>()) continue;
      const OptionValue value = random_value(*option);
      text += fmt::format("\"{}\" = {}\n", option->key, to_toml(value));
      overrides.push_back(fmt::format("{}={}", option->key, to_text(value)));
    }
    file.write(text);
    RC_ASSERT(plan_trial(laboratory(), file.path(), {}).id ==
              plan_trial(laboratory(), std::nullopt, overrides).id);
  }));
}

TEST_CASE("[plan] a trial's id does not know of its sweep") {
  const ConfigFile file("");
  CHECK(rc::check("a point alone has the id it has in its sweep", [&] {
    file.write(random_config());
    const SweepPlan plan = plan_sweep(laboratory(), file.path(), {});
    const Trial& trial = plan.trials[*rc::gen::inRange<std::size_t>(0, plan.trials.size())];
    std::vector<std::string> overrides;
    for (const auto& [key, value] : trial.axes) overrides.push_back(key + "=" + value);
    RC_ASSERT(plan_trial(laboratory(), file.path(), overrides).id == trial.id);
  }));
}
