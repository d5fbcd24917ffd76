#include "experiments/report/cell_numbers.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "tests/experiments/report/fixture.hpp"

using namespace unroll;
using Json = nlohmann::json;

namespace {

/// One cell of runs with these losses and accuracies.
struct SeededRuns {
  SweepPlan plan;
  std::vector<TrialRecord> records;

  explicit SeededRuns(const std::vector<double>& losses) {
    std::vector<std::string> seeds;
    for (std::size_t i = 0; i < losses.size(); ++i) seeds.push_back(std::to_string(i));
    plan = fixture::plan_of({"seed"}, {fixture::axis("seed", seeds)});
    for (std::size_t i = 0; i < losses.size(); ++i) {
      TrialRecord& record = records.emplace_back(fixture::empty_record(plan.trials[i]));
      record.set({"best_loss", losses[i], {.unit = "nats", .direction = "lower", .logarithmic = true}});
      record.set({"test_accuracy", 1 - losses[i], {.direction = "higher"}});
      record.set({"trivial_loss", 9});
      record.seconds = 2 + static_cast<double>(i);
    }
  }
  std::vector<SweepCell> cells() const { return sweep_cells(plan, sweep_axes(plan), records); }
  Middle middle(const std::string& name) const {
    const auto all = cells();
    const auto numbers = cell_numbers(all);
    const auto found = std::ranges::find(numbers, name, &CellNumber::name);
    REQUIRE(found != numbers.end());
    return found->middle(all.at(0));
  }
};

}  // namespace

TEST_CASE("[cell numbers] medians over the runs, from the lowest to the highest") {
  const SeededRuns runs({0.5, 0.1, 0.4});
  CHECK(runs.middle("best_loss").median == 0.4);
  CHECK(runs.middle("best_loss").min == 0.1);
  CHECK(runs.middle("best_loss").max == 0.5);
  CHECK(runs.middle("test_accuracy").median == 0.6);
  CHECK(runs.middle("test_accuracy").min == 0.5);
  CHECK(runs.middle("test_accuracy").max == 0.9);
  CHECK(runs.middle("seconds").median == 3);
}

TEST_CASE("[cell numbers] what is not finite is worse than all else, whichever way is better") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const SeededRuns runs({0.5, nan, nan});
  CHECK(runs.middle("best_loss").median == std::numeric_limits<double>::infinity());
  CHECK(runs.middle("test_accuracy").median == -std::numeric_limits<double>::infinity());
  CHECK(runs.middle("test_accuracy").max == 0.5);
}

TEST_CASE("[cell numbers] the success rate has its Wilson interval, updates are those until success") {
  SeededRuns runs({0.1, 0.2, 0.3, 0.4});
  CHECK(runs.middle("success").median == 0);
  runs.records[0].success = runs.records[1].success = runs.records[2].success = true;
  for (std::size_t i = 0; i < 3; ++i) runs.records[i].solved_at = 100 * static_cast<std::int64_t>(i + 1);
  CHECK(runs.middle("success").median == 0.75);
  CHECK(runs.middle("success").min == doctest::Approx(0.300642).epsilon(1e-5));  // by hand: z = 1.959964
  CHECK(runs.middle("success").max == doctest::Approx(0.954413).epsilon(1e-5));
  CHECK(runs.middle("solved_at").median == 250);
  CHECK(runs.middle("solved_at").max == 300);
}

TEST_CASE("[cell numbers] the page gets them by their names; baselines and failed trials are left out") {
  SeededRuns runs({0.5, 0.25});
  fixture::make_failed(runs.records[1], "no space");
  const Json block = Json::parse(numbers_block(runs.cells()));
  std::vector<std::string> names;
  for (const Json& number : block["numbers"]) names.push_back(number["name"]);
  CHECK(names == std::vector<std::string>{"success", "solved_at", "best_loss", "test_accuracy", "seconds"});
  CHECK(block["numbers"][2] ==
        Json{{"name", "best_loss"}, {"title", "best loss"}, {"unit", "nats"}, {"logarithmic", true}});
  CHECK(block["cells"][0][2] == Json{0.5, 0.5, 0.5});
  CHECK(block["cells"][0][1] == Json{nullptr, nullptr, nullptr});
  for (TrialRecord& record : runs.records) fixture::make_failed(record, "no space");
  CHECK(Json::parse(numbers_block(runs.cells()))["cells"][0][0] == Json::array());
}
