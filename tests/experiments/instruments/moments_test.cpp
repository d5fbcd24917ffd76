#include "experiments/instruments/moments.hpp"

#include <doctest/doctest.h>

#include "experiments/sweep/plan.hpp"
#include "tests/experiments/config/fixture.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;
using namespace unroll::config_tests;

namespace {

const std::string tiny =
    "[task]\nname = \"adding\"\nlength = 5\n[model]\nhidden = 4\n[train]\nbatch = 2\nupdates = 7\n"
    "validation_sequences = 5\ntest_sequences = 5\n";

SweepPlan planned(const std::string& before, const std::vector<std::string>& overrides = {}) {
  const ConfigFile file(before + tiny);
  return plan_sweep(laboratory(), file.path(), overrides);
}

std::string refused(const std::string& before, const std::vector<std::string>& overrides = {}) {
  return error_of<ConfigError>([&] { planned(before, overrides); });
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("[moments] numbers, the end, and every so many") {
  const Moments moments({"start", "100", "end", "every 30"});
  CHECK(moments.at(0, 1000) == "start");
  CHECK(moments.at(30, 1000) == "update 30");
  CHECK(moments.at(100, 1000) == "update 100");
  CHECK_FALSE(moments.at(101, 1000));
  CHECK_FALSE(moments.at(90, 90));  // the end says it
  CHECK(moments.at_end());
  CHECK(moments.count(100) == 2 + 1 + 3);
  CHECK(Moments({"90"}).at(90, 90) == "update 90");
  CHECK_FALSE(Moments({"every 30"}).at(0, 90));
  CHECK_FALSE(Moments({"90"}).at_end());
}

TEST_CASE("[moments] what is no moment is refused with what there is") {
  for (const char* item : {"-1", "every", "every 0", "every x", "ends", "", "1.5"}) {
    CAPTURE(std::string(item));
    const std::string error =
        error_of<ConfigError>([&] { planned("", {std::string("diagnose_at=[") + item + ", end]"}); });
    CHECK(contains(error, "diagnose_at: expected \"start\", \"end\", a number of updates, or \"every N\""));
  }
}

TEST_CASE("[moments] a loss step is last, all, or a number from 1 on") {
  CHECK(loss_step("last") == -1);
  CHECK(loss_step("3") == 2);
  CHECK_FALSE(loss_step("all"));
  CHECK(contains(refused("diagnose_loss_step = \"0\"\n"), "expected last, all, or a step from 1 on, found"));
}

TEST_CASE("[instruments] a file lists names, and moments as numbers and words") {
  const SweepPlan plan = planned(
      "diagnose = [\"state_gradients\", \"recurrent_matrix\"]\ndiagnose_at = [0, 3, \"every 2\", \"end\"]\n");
  REQUIRE(plan.trials.size() == 1);
  CHECK(plan.trials[0].config.diagnose == Names{"state_gradients", "recurrent_matrix"});
  CHECK(plan.trials[0].config.diagnose_at == Names{"0", "3", "every 2", "end"});
  CHECK(planned("diagnose = []\n").trials[0].config.diagnose.empty());
  // "start" is 0: one trial, one id.
  CHECK(planned("diagnose_at = [\"start\", \"end\"]\n").trials[0].id == planned("").trials[0].id);
}

TEST_CASE(
    "[instruments] on the command line a list in brackets is one value, one with commas alone an axis") {
  const SweepPlan one = planned("", {"diagnose=[state_gradients, gradient_norm]"});
  REQUIRE(one.trials.size() == 1);
  CHECK(one.trials[0].config.diagnose == Names{"state_gradients", "gradient_norm"});
  CHECK(planned("", {"diagnose=gradient_norm"}).trials[0].config.diagnose == Names{"gradient_norm"});
  CHECK(planned("", {"diagnose=[]"}).trials[0].config.diagnose.empty());
  CHECK(planned("", {"diagnose=state_gradients,gradient_norm"}).trials.size() == 2);
}

TEST_CASE("[instruments] an unknown one is refused with the nearest, one that is there twice too") {
  CHECK(contains(refused("diagnose = [\"state_gradient\"]\n"), "did you mean \"state_gradients\"?"));
  CHECK(contains(refused("", {"diagnose=[lyapunow]"}), "did you mean \"lyapunov\"?"));
  CHECK(contains(refused("diagnose = [\"omega\", \"omega\"]\n"), "\"omega\" is listed twice"));
  CHECK(contains(refused("diagnose = true\n"), "expected a list of any of: state_gradients"));
}

TEST_CASE("[instruments] what cannot look at a model or its task is refused with the reason") {
  CHECK(contains(refused("", {"diagnose=[lyapunov]", "model.bidirectional=true"}),
                 "diagnose: lyapunov: model.bidirectional is true"));
  CHECK(contains(refused("", {"diagnose=[memory]", "task.name=cat"}), "the task cat has tokens"));
}
