#include "experiments/sweep/fixed_settings.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>

#include "tests/experiments/sweep/fake_sweep.hpp"
#include "tests/experiments/sweep/planned.hpp"

using namespace unroll;
using config_tests::plan_of;

namespace {

using Texts = std::vector<std::string>;

Texts fixed(const SweepPlan& plan) {
  Texts all;
  for (const FixedSetting& setting : fixed_settings(laboratory(), plan))
    all.push_back(setting.key + "=" + setting.text);
  return all;
}

}  // namespace

TEST_CASE("[fixed settings] what is the same in all trials and not at its default, and nothing else") {
  CHECK(fixed(plan_of("")).empty());
  CHECK(fixed(plan_of("[sweep]\nseed = [1, 2]\n\"task.length\" = [5, 10]\n")).empty());
  CHECK(fixed(plan_of("[train]\nbatch = 7\n[model]\nhidden = 12\n[sweep]\nseed = [1, 2]\n")) ==
        Texts{"model.hidden=12", "train.batch=7"});
}

TEST_CASE("[fixed settings] what the default would be is the trial's own") {
  const std::string variant = laboratory().default_config().task.variant;
  REQUIRE_FALSE(variant.empty());
  CHECK(fixed(plan_of("[task]\nvariant = \"" + variant + "\"\n")).empty());
  // The optimiser's published decay, said or not.
  CHECK(fixed(plan_of("[train]\ndecay = 0.9\nrmsprop = \"urnn\"\n")).empty());
  CHECK(fixed(plan_of("[train]\ndecay = 0.8\n")) == Texts{"train.decay=0.8"});
}

TEST_CASE("[fixed settings] jobs and folders affect no result") {
  CHECK(fixed(plan_of("jobs = 3\nout = \"x\"\n")).empty());
}

TEST_CASE("[fixed settings] the constants of a cell are settings like others") {
  const TemporaryFolder folder;
  const auto cell = folder.path() / "leaky.cell";
  std::ofstream(cell) << "cell leaky\nstate h\nconst dt = 0.1\nh' = h + dt * (tanh(W x + U h + b) - h)\n";
  const Texts found =
      fixed(plan_of("[model]\ncell = \"" + cell.string() + "\"\n[model.constants]\ndt = 0.25\n"));
  CHECK(std::ranges::find(found, "model.constants.dt=0.25") != found.end());
  const Texts plain = fixed(plan_of("[model]\ncell = \"" + cell.string() + "\"\n"));
  CHECK(plain.size() == 1);
}

TEST_CASE("[fixed settings] with the axes they tell every setting that matters") {
  const SweepPlan plan =
      plan_of("[train]\nupdates = 50\n[sweep]\n\"train.batch\" = [4, 8]\n\"model.hidden\" = [9]\n");
  const Texts found = fixed(plan);
  const bool hidden_is_axis = std::ranges::find(plan.axis_keys, "model.hidden") != plan.axis_keys.end();
  CHECK(found.size() == (hidden_is_axis ? 1 : 2));
  CHECK(found.back() == "train.updates=50");
}
