#include "experiments/studies/study.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "experiments/config/config_error.hpp"
#include "experiments/studies/groups.hpp"
#include "experiments/studies/study_list.hpp"
#include "experiments/sweep/trial_axes.hpp"
#include "tests/experiments/studies/own_data.hpp"
#include "tests/experiments/studies/small_study.hpp"
#include "tests/experiments/sweep/fake_sweep.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;
using namespace unroll::test;

namespace {

Study study_from(const std::string& text) { return read_study(laboratory().options(), {"small", text}); }

std::string refusal(const std::string& text) {
  return error_of<ConfigError>([&] { study_from(text); });
}

SweepPlan plan_of(const Study& study, const std::string& part, const std::string& budget,
                  const std::vector<std::string>& overrides = {}) {
  const auto found = std::ranges::find(study.parts, part, &StudyPart::name);
  return plan_sweep(laboratory(), source_of(laboratory().options(), *found, budget, overrides));
}

const std::string good =
    "[[expect]]\nsays = \"it trains\"\n" + tanh_at_5 + "measure = \"best_loss\"\nat_most = 1\n";

}  // namespace

TEST_CASE("[study] what it says of all parts, of a budget, of a part and of both stands in layers") {
  const Study study = study_from(small_study(R"(
[parts.short]
[parts.short.task]
length = 6
[parts.short.sweep]
"model.hidden" = [4, 5]
[parts.short.budgets.smoke.model]
activation = "sigmoid"
[parts.long]
[[expect]]
says = "it trains"
part = "long"
where = "model.activation == 'tanh' and task.length == 8"
measure = "best_loss"
at_most = 1
)"));
  CHECK(study.title == "Small");
  REQUIRE(study.parts.size() == 2);
  const SweepPlan smoke = plan_of(study, "short", "smoke"), laptop = plan_of(study, "short", "laptop");
  CHECK(smoke.trials.size() == 4);   // seeds and sizes: the activation and the length are fixed now
  CHECK(laptop.trials.size() == 8);  // and the activation
  CHECK(smoke.trials.front().config.train.updates == 10);
  CHECK(laptop.trials.front().config.train.updates == 20);
  CHECK(smoke.trials.front().config.model.activation == "sigmoid");
  CHECK(laptop.trials.front().config.task.length == 6);
  CHECK(plan_of(study, "long", "laptop").trials.size() == 8);
  CHECK(study.expectations.front().part == "long");
}

TEST_CASE("[study] one without parts is one sweep of its name, and its expectations are about that") {
  const Study study = study_from(small_study(good));
  REQUIRE(study.parts.size() == 1);
  CHECK(study.parts.front().name == "small");
  CHECK(study.expectations.front().part == "small");
  CHECK(study.budget("smoke").cost == "a second");
}

TEST_CASE("[study] what is wrong in a file is named with its place, what was expected and what was found") {
  const auto with = [](const std::string& lines) {
    return refusal(small_study("[[expect]]\nsays = \"s\"\nmeasure = \"best_loss\"\nat_most = 1\n" + lines));
  };
  CHECK(refusal(small_study(good)) == "(no error)");
  CHECK(
      contains(refusal("[sweep]\nseed = 1\n"), "small.toml: expected a study: a table [study] with a title"));
  CHECK(contains(refusal(small_study("")), "expected at least one [[expect]]"));
  CHECK(
      contains(refusal(small_study("[[expect]]\nmeasure = \"best_loss\"\nat_most = 1\n")), "expected says"));
  CHECK(contains(refusal(small_study("[[expect]]\nsays = \"s\"\nat_most = 1\n")), "expected measure"));
  CHECK(contains(refusal(small_study("[[expect]]\nsays = \"s\"\nmeasure = \"best_loss\"\n")),
                 "expected a band"));
  CHECK(contains(with("at_least = 2\n"), "at_least no greater than at_most, found 2 and 1"));
  CHECK(contains(with("share = 1.5\n"), "share above 0 and at most 1, found 1.5"));
  CHECK(contains(with("statistic = \"mode\"\n"),
                 "expected median, mean, min or max, found the string \"mode\""));
  CHECK(contains(with("against = \"seed == 1\"\n"), "against = \"...\" and by"));
  CHECK(contains(with("wher = \"seed == 1\"\n"), "did you mean \"where\"?"));
  CHECK(contains(with("where = \"task.lenght == 5\"\n"), "task.length"));
  CHECK(contains(with("part = \"other\"\n"), "expected part = one of small, found other"));
  CHECK(contains(with("budgets = [\"huge\"]\n"), "expected smoke, laptop or paper, found \"huge\""));
  CHECK(refusal(small_study(good + "published = 0.1\n")) == "(no error)");
  CHECK(contains(with("published = \"0.1\"\n"), "expected a finite number"));
  CHECK(contains(with("published = 0.1\ntrend = \"task.length\"\n"),
                 "expected published = NUMBER of a measure"));
  CHECK(contains(refusal("[budgets.quick]\n" + small_study(good)), "unknown key \"quick\""));
  const auto of_series = [](const std::string& measure) {
    return refusal(small_study("[[expect]]\nsays = \"s\"\nat_most = 1\nmeasure = " + measure + "\n"));
  };
  CHECK(contains(of_series("{ series = \"loss\" }"), "expected one use of the series"));
  CHECK(contains(of_series("{ series = \"loss\", last = true, first = true }"), "not two"));
  CHECK(contains(of_series("{ last = true }"), "a table with series"));
  CHECK(contains(of_series("{ series = \"loss\", at = \"end\" }"), "expected a finite number"));
}

TEST_CASE(
    "[study] statistics never mix what differs: a group that does is refused, unless it says over what") {
  const auto check = [](const std::string& lines) {
    const Study study =
        study_from(small_study("[[expect]]\nsays = \"s\"\nmeasure = \"best_loss\"\nat_most = 1\n" + lines));
    try {
      check_expectation(laboratory(), study.expectations.front(), plan_of(study, "small", "laptop"));
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(check(tanh_at_5).empty());
  CHECK(contains(check("where = \"task.length == 5\"\n"), "statistics never mix what differs"));
  CHECK(check("where = \"task.length == 5\"\nover = [\"model.activation\"]\n").empty());
  CHECK(contains(check("where = \"task.length == 7\"\n"), "no trial of the part small has task.length == 7"));
  CHECK(contains(check("over = [\"model.hidden\"]\n"), "expected an axis of the part small"));
  CHECK(check("where = \"model.activation == 'tanh'\"\ntrend = \"task.length\"\n").empty());
  CHECK(check(tanh_at_5 + "against = \"model.activation == 'relu' and task.length == 5\"\nby = \"ratio\"\n")
            .empty());
  CHECK(contains(
      check(tanh_at_5 + "against = \"model.activation == 'relu' and task.length == 5 and seed == 1\"\n"
                        "by = \"ratio\"\n"),
      "both groups must have the same seeds"));
}

TEST_CASE("[study] those of the program are read, planned and checked under each of their budgets") {
  CHECK(standard_studies().size() >= 5);
  for (const StudyRow& row : standard_studies()) {
    CAPTURE(row.name);
    const Study study = read_study(laboratory().options(), row);
    const TemporaryFolder folder;
    const std::vector<std::string> data = own_data(study, folder.path());
    CHECK_FALSE(study.source.empty());
    CHECK_FALSE(study.about.empty());
    for (const StudyBudget& budget : study.budgets) {
      CAPTURE(budget.name);
      CHECK_FALSE(budget.cost.empty());
      std::size_t expected = 0;
      for (const Expectation& expectation : study.expectations) {
        CHECK_FALSE(expectation.paper.empty());
        if (!expectation.holds_under(budget.name)) continue;
        ++expected;
        CHECK_NOTHROW(check_expectation(laboratory(), expectation,
                                        plan_of(study, expectation.part, budget.name, data)));
      }
      CHECK(expected > 0);
    }
  }
}

TEST_CASE("[study] those of the program spell every default out: no default that changes changes a study") {
  for (const StudyRow& row : standard_studies()) {
    const Study study = read_study(laboratory().options(), row);
    const TemporaryFolder folder;
    const std::vector<std::string> data = own_data(study, folder.path());
    for (const StudyPart& part : study.parts) {
      const std::string budget = part.layers.begin()->first;
      const ConfigSource source = source_of(laboratory().options(), part, budget, data);
      std::set<std::string, std::less<>> said;
      for (const auto& [key, setting] : source.settings) said.insert(key);
      for (const ConfigAxis& axis : source.sweep.axes)
        for (const Option* option : axis.keys) said.insert(option->key);
      for (const Trial& trial : plan_sweep(laboratory(), source).trials)
        for (const TrialSetting& setting : settings_of(laboratory(), trial)) {
          const bool of_cell =
              setting.key.starts_with("model.constants.") || setting.key == "results_revision";
          CHECK_MESSAGE((of_cell || said.contains(setting.key)), row.name, ", ", part.name, ": ",
                        setting.key);
        }
    }
  }
}
