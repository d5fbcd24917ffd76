#include "experiments/report/figure_list.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "tests/experiments/report/fixture.hpp"

using namespace unroll;

namespace {

using Names = std::vector<std::string>;

struct Listed {
  std::vector<SeriesSummary> series;
  std::vector<Figure> figures;

  Names ids() const {
    Names ids;
    for (const Figure& figure : figures) ids.push_back(figure.id);
    return ids;
  }
  const Figure& of(const std::string& id) const {
    const auto found = std::ranges::find(figures, id, &Figure::id);
    REQUIRE(found != figures.end());
    return *found;
  }
  Names shown(const std::string& id) const {
    Names names;
    for (const std::size_t i : of(id).series) names.push_back(series[i].name);
    return names;
  }
};

Listed listed(const SweepPlan& plan, const std::vector<TrialRecord>& records) {
  const auto axes = sweep_axes(plan);
  Listed all{series_list(plan, records), {}};
  all.figures = figure_list(axes, sweep_cells(plan, axes, records), all.series);
  return all;
}

}  // namespace

TEST_CASE("[figures] those of the records in the order of the report, each series in one of them") {
  const SweepPlan plan = fixture::lengths_plan();
  const Listed all = listed(plan, fixture::lengths_records(plan));
  CHECK(all.ids() ==
        Names{"success", "numbers", "learning", "metrics", "survival", "points-length", "profile-time-step"});
  CHECK(all.shown("learning") == Names{"loss"});
  CHECK(all.shown("metrics") == Names{"error_rate", "accuracy"});
  CHECK(all.shown("survival") == Names{"share not solved yet"});
  CHECK(all.shown("points-length") ==
        Names{"loss over length", "error_rate over length", "accuracy over length"});
  CHECK(all.of("points-length").title == "Over length");
  CHECK(all.of("profile-time-step").title == "The vanishing gradient");
  std::multiset<std::size_t> used;
  for (const Figure& figure : all.figures) used.insert(figure.series.begin(), figure.series.end());
  CHECK(used.size() == all.series.size());
  CHECK(std::set<std::size_t>(used.begin(), used.end()).size() == all.series.size());
}

TEST_CASE("[figures] nothing varies: no figure over what was swept; nothing finished: none at all") {
  const SweepPlan one = fixture::plan_of({"seed"}, {fixture::axis("seed", {"0", "1"})});
  const Names ids = listed(one, fixture::records_of(one)).ids();
  CHECK(std::ranges::find(ids, "numbers") == ids.end());
  CHECK(std::ranges::find(ids, "learning") != ids.end());
  CHECK(listed(fixture::long_range_plan(), {}).figures.empty());
}
