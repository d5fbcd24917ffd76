#include "experiments/report/series_block.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/experiments/report/fixture.hpp"

using namespace unroll;
using Json = nlohmann::json;

namespace {

/// `cells` values of an axis with `seeds` runs each, whose losses are those of `loss_of` (run, place).
template <class Loss>
Json block_of(int cells, int seeds, const std::vector<double>& places, const Loss& loss_of) {
  std::vector<std::string> values, numbers;
  for (int i = 0; i < cells; ++i) values.push_back(std::to_string(i));
  for (int i = 0; i < seeds; ++i) numbers.push_back(std::to_string(i));
  const SweepPlan plan = fixture::plan_of(
      {"model.hidden", "seed"}, {fixture::axis("model.hidden", values), fixture::axis("seed", numbers)});
  std::vector<TrialRecord> records;
  for (std::size_t t = 0; t < plan.trials.size(); ++t) {
    std::vector<double> losses;
    for (const double place : places) losses.push_back(loss_of(t, place));
    records.push_back(fixture::empty_record(plan.trials[t]));
    records.back().series = {fixture::curve_of("loss", "validation", fixture::loss_figure, places, losses)};
  }
  return Json::parse(
      series_block(sweep_cells(plan, sweep_axes(plan), records), series_list(plan, records)[0]));
}

}  // namespace

TEST_CASE("[series block] places stand once, and the curves of single runs have no band") {
  const Json block =
      block_of(3, 1, {0, 100}, [](std::size_t run, double place) { return double(run) + place / 1000; });
  CHECK(block["places"] == Json::parse("[[0, 100]]"));
  CHECK(block["moments"] == Json::parse("[[[0, [0, 0.1]], [0, [1, 1.1]], [0, [2, 2.1]]]]"));
}

TEST_CASE("[series block] of several runs the lowest and the highest go along; what is not finite is a gap") {
  const auto loss = [](std::size_t run, double place) {
    return run == 3 && place > 0 ? NAN : double(run) + 1.0 / 3;
  };
  const Json block = block_of(2, 2, {0, 7}, loss);
  CHECK(block["moments"][0][0] ==
        Json::parse("[0, [0.83333, 0.83333], [0.33333, 0.33333], [1.3333, 1.3333]]"));
  CHECK(block["moments"][0][1] == Json::parse("[0, [2.8333, null], [2.3333, 2.3333], [3.3333, 2.3333]]"));
}

TEST_CASE("[series block] a cell without the series has an empty curve") {
  const SweepPlan plan = fixture::plan_of({"seed"}, {fixture::axis("seed", {"0"})});
  const SeriesSummary series{.name = "loss",
                             .axis = "update",
                             .kind = SeriesKind::curve,
                             .descriptor = {},
                             .moments = {"validation", "training"}};
  const Json block = Json::parse(series_block(sweep_cells(plan, {}, {}), series));
  CHECK(block == Json::parse(R"({"places": [], "moments": [[[]], [[]]]})"));
}

TEST_CASE("[series block] the more cells, the fewer places, from the first to the last") {
  const auto zero = [](std::size_t, double) { return 0.5; };
  const std::vector<double> places = fixture::steps_of(400);
  for (const auto& [cells, expected] : {std::pair(1, 300), std::pair(500, 200), std::pair(5000, 24)}) {
    const Json kept = block_of(cells, 1, places, zero)["places"];
    REQUIRE(kept.size() == 1);
    CHECK(kept[0].size() == std::size_t(expected));
    CHECK(kept[0].front() == 1);
    CHECK(kept[0].back() == 400);
  }
}
