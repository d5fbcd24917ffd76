#include "experiments/report/series_block.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

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

TEST_CASE("[series block] single runs stand by cell, each with its own places; one run alone has none") {
  const SweepPlan plan =
      fixture::plan_of({"model.hidden", "seed"},
                       {fixture::axis("model.hidden", {"1", "2"}), fixture::axis("seed", {"0", "1"})});
  std::vector<TrialRecord> records;
  for (std::size_t t = 0; t < 4; ++t) {
    records.push_back(fixture::empty_record(plan.trials[t]));
    const std::vector<double> places = t == 1 ? std::vector<double>{0, 5} : std::vector<double>{0, 7};
    records.back().series = {fixture::curve_of("loss", "validation", fixture::loss_figure, places,
                                               {double(t), t == 3 ? NAN : double(t) + 0.5})};
  }
  fixture::make_failed(records[2], "no space");
  const auto series = series_list(plan, records);
  const auto cells = sweep_cells(plan, sweep_axes(plan), records);
  REQUIRE(has_runs(cells, series[0]));
  const Json block = Json::parse(runs_block(cells, series[0]));
  std::vector<std::size_t> runs;
  for (const Json& cell : block["cells"]) runs.push_back(cell.size());
  std::ranges::sort(runs);
  CHECK(runs == std::vector<std::size_t>{1, 2});
  std::set<Json> curves;
  for (const Json& cell : block["cells"])
    for (const Json& run : cell) curves.insert(Json{block["places"][run[0].get<std::size_t>()], run[1]});
  CHECK(curves == std::set<Json>{Json::parse("[[0, 5], [1, 1.5]]"), Json::parse("[[0, 7], [0, 0.5]]"),
                                 Json::parse("[[0, 7], [3, null]]")});
  const SweepPlan alone = fixture::plan_of({"seed"}, {fixture::axis("seed", {"0"})});
  const auto one = fixture::records_of(alone);
  CHECK_FALSE(has_runs(sweep_cells(alone, {}, one), series_list(alone, one)[0]));
}
