#include "experiments/report/series_list.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/experiments/report/fixture.hpp"

using namespace unroll;

namespace {

SeriesSummary summary_of(const std::vector<SeriesSummary>& list, const std::string& name) {
  const auto found = std::ranges::find(list, name, &SeriesSummary::name);
  REQUIRE(found != list.end());
  return *found;
}

std::vector<SeriesSummary> list_of(const std::vector<RecordedSeries>& series) {
  const SweepPlan plan = fixture::plan_of({}, {});
  TrialRecord record = fixture::empty_record(plan.trials[0]);
  record.series = series;
  return series_list(plan, {record});
}

RecordedSeries over(const std::string& axis, std::size_t places) {
  return {.name = "any", .axis = axis, .x = fixture::steps_of(places), .y = fixture::steps_of(places)};
}

}  // namespace

TEST_CASE("[series] each name is listed once, in order of first appearance, with all of its moments") {
  const SweepPlan plan = fixture::lengths_plan();
  const auto list = series_list(plan, fixture::lengths_records(plan));
  std::vector<std::string> names;
  for (const SeriesSummary& one : list) names.push_back(one.name);
  CHECK(names == std::vector<std::string>{"gradient norm of h", "loss", "error_rate", "accuracy",
                                          "gradient norm of c", "loss over length", "error_rate over length",
                                          "accuracy over length", "share not solved yet"});
  CHECK(list[0].moments == std::vector<std::string>{"start", "end"});
  CHECK(list[1].moments == std::vector<std::string>{"validation", "training"});
  CHECK(list[1].descriptor == fixture::loss_figure);
}

TEST_CASE("[series] one of each kind and axis leads, among points one of which more is better") {
  const SweepPlan plan = fixture::lengths_plan();
  std::vector<std::string> leading;
  for (const SeriesSummary& one : series_list(plan, fixture::lengths_records(plan)))
    if (one.leads) leading.push_back(one.name);
  CHECK(leading == std::vector<std::string>{"gradient norm of h", "loss", "accuracy over length"});
}

TEST_CASE("[series] held ones are curves, few places are points, many or time steps a profile") {
  CHECK(list_of({fixture::curve_of("any", "", {}, {1}, {1})})[0].kind == SeriesKind::curve);
  CHECK(list_of({over("length", 12)})[0].kind == SeriesKind::points);
  CHECK(list_of({over("length", 13)})[0].kind == SeriesKind::profile);
  CHECK(list_of({over("time step", 5)})[0].kind == SeriesKind::profile);
  CHECK(list_of({over("real part", 5)})[0].kind == SeriesKind::plane);
  CHECK(list_of({over("first principal component", 50)})[0].kind == SeriesKind::plane);
}

TEST_CASE("[series] a profile in one run is a profile in all, and failed runs have none") {
  const SweepPlan plan = fixture::plan_of({"seed"}, {fixture::axis("seed", {"0", "1"})});
  std::vector<TrialRecord> records{fixture::empty_record(plan.trials[0]),
                                   fixture::empty_record(plan.trials[1])};
  records[0].series = {over("length", 3)};
  records[1].series = {over("length", 30)};
  CHECK(summary_of(series_list(plan, records), "any").kind == SeriesKind::profile);
  for (TrialRecord& record : records) record.status = TrialStatus::failed;
  CHECK(series_list(plan, records).empty());
}
