#include "experiments/studies/rehearsal.hpp"

#include <doctest/doctest.h>

#include "experiments/config/config_error.hpp"
#include "experiments/studies/study.hpp"
#include "tests/experiments/studies/small_study.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;
using namespace unroll::test;

namespace {

/// What is wrong with a measure of the small study, "" for nothing.
std::string objection(const std::string& measure, const std::string& more = "") {
  const Study study = read_study(laboratory().options(),
                                 {"small", more + small_study("[[expect]]\nsays = \"s\"\nat_most = 1\n" +
                                                              tanh_at_5 + "measure = " + measure + "\n")});
  const SweepPlan plan =
      plan_sweep(laboratory(), source_of(laboratory().options(), study.parts.front(), "laptop", {}));
  try {
    rehearse(laboratory(), study.expectations, plan);
    return "";
  } catch (const ConfigError& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("[rehearsal] a measure that trials will have is found before any is trained") {
  for (const char* scalar : {"best_loss", "test_loss", "solved_at", "success", "updates", "parameters"})
    CHECK(objection(std::string("\"") + scalar + "\"").empty());
  CHECK(objection("{ series = \"loss\", moment = \"validation\", first_below = 0.1 }").empty());
  // The trials have 20 updates; that one of them is after 1,000 cannot be told from one.
  CHECK(objection("{ series = \"loss\", moment = \"validation\", at = 10 }").empty());
}

TEST_CASE("[rehearsal] one that none will have is refused, with what there is") {
  const std::string scalar = objection("\"test_lossy\"");
  CHECK(contains(scalar, "[[expect]] \"s\": a trial has no scalar \"test_lossy\""));
  CHECK(contains(scalar, "; it has success, diverged, updates, solved_at, "));
  CHECK(contains(scalar, "; did you mean \"test_loss\"?"));
  CHECK(contains(objection("{ series = \"los\", last = true }"), "a trial has no series \"los\""));
  CHECK(contains(objection("{ series = \"loss\", moment = \"tests\", last = true }"),
                 "a trial has no series \"loss (tests)\""));
}

TEST_CASE("[rehearsal] what instruments find counts, and where a series has no value") {
  const std::string looks = "diagnose = [\"state_gradients\", \"recurrent_matrix\"]\ndiagnose_at = [\"0\"]\n";
  CHECK(objection("\"spectral_radius_W_hh\"", looks).empty());
  CHECK(contains(objection("\"spectral_radius_W_hh\""), "no scalar \"spectral_radius_W_hh\""));
  CHECK(objection("{ series = \"gradient norm of h\", moment = \"start\", at = 5 }", looks).empty());
  CHECK(contains(objection("{ series = \"gradient norm of h\", moment = \"start\", at = 6 }", looks),
                 "the series \"gradient norm of h\" has no value at time step = 6"));
  CHECK(
      objection("{ series = \"gradient norm of h\", moment = \"update 100\", last = true }", looks).empty());
}
