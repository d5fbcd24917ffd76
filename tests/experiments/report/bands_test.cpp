#include "experiments/report/bands.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/experiments/report/fixture.hpp"

using namespace unroll;

namespace {

/// Runs of one cell.
struct Runs {
  SweepPlan plan = fixture::plan_of({"seed"}, {fixture::axis("seed", {"0", "1", "2"})});
  std::vector<TrialRecord> records;

  explicit Runs(const std::vector<RecordedSeries>& series) {
    for (std::size_t i = 0; i < series.size(); ++i) {
      records.push_back(fixture::empty_record(plan.trials[i]));
      records.back().series = {series[i]};
    }
  }

  Band band(const RecordedSeries& of, std::size_t points = 100) const {
    return band_of(sweep_cells(plan, {}, records)[0], of.name, of.moment, points);
  }
};

RecordedSeries loss(const std::vector<double>& x, const std::vector<double>& y) {
  return fixture::curve_of("loss", "validation", fixture::loss_figure, x, y);
}

RecordedSeries accuracy(const std::vector<double>& x, const std::vector<double>& y) {
  return fixture::curve_of("accuracy", "validation", fixture::accuracy_figure, x, y);
}

}  // namespace

TEST_CASE("[bands] a held series goes on with its last value, and is not finite after divergence") {
  Runs runs({loss({100, 200}, {0.5, 0.01}),  // solved and stopped
             loss({100, 200, 300}, {0.4, 0.3, 0.2}), loss({100}, {0.9})});
  runs.records[2].status = TrialStatus::diverged;
  const Band band = runs.band(loss({}, {}));
  CHECK(band.at == std::vector<double>{100, 200, 300});
  CHECK(band.median == std::vector<double>{0.5, 0.3, 0.2});
  CHECK(band.low == std::vector<double>{0.4, 0.01, 0.01});
  CHECK(band.high == std::vector<double>{0.9, 0.3, 0.2});
  CHECK(runs.band(loss({}, {}), 2).at == std::vector<double>{100, 300});

  runs.records[2].status = TrialStatus::done;  // the same run, but one that ended well: its value goes on
  CHECK(runs.band(loss({}, {})).high == std::vector<double>{0.9, 0.9, 0.9});
}

TEST_CASE("[bands] what is not finite is the worst value, whichever way is better") {
  for (const double broken : {NAN, INFINITY, -INFINITY}) {
    const Runs less({loss({1}, {0.1}), loss({1}, {0.2}), loss({1}, {broken})});
    CHECK(less.band(loss({}, {})).median == std::vector<double>{0.2});
    const Runs more({accuracy({1}, {0.8}), accuracy({1}, {0.9}), accuracy({1}, {broken})});
    const Band band = more.band(accuracy({}, {}));
    CHECK(band.median == std::vector<double>{0.8});
    CHECK(band.low == std::vector<double>{0.8});
    CHECK(band.high == std::vector<double>{0.9});
  }
}

TEST_CASE("[bands] a series that is not held counts where it has a value only") {
  const auto norms = [](const std::vector<double>& y) { return fixture::norms_series("h", "start", y); };
  const Runs runs({norms({0, 1, 2}), norms({0, 3, 4, 8})});
  const Band band = runs.band(norms({}));
  CHECK(band.at == std::vector<double>{1, 2, 3, 4});
  CHECK(band.median == std::vector<double>{0, 2, 3, 8});
  CHECK(runs.band(norms({}), 2).at == std::vector<double>{1, 4});
  CHECK(runs.band(fixture::norms_series("h", "end", {})).at.empty());
  CHECK(runs.band(fixture::norms_series("c", "start", {})).at.empty());
}

TEST_CASE("[bands] runs that failed or are missing have none, and one that began later counts from there") {
  Runs runs({loss({0, 100}, {1, 2}), loss({100}, {4}), loss({0}, {9})});
  runs.records[2].status = TrialStatus::failed;
  CHECK(runs.band(loss({}, {})).median == std::vector<double>{1, 3});
  runs.records.clear();
  CHECK(runs.band(loss({}, {})).at.empty());
}

TEST_CASE("[bands] points in a plane have no median: those of the first run that has any, in their order") {
  const auto eigenvalues = [](const std::vector<double>& x, const std::vector<double>& y) {
    return RecordedSeries{.name = "eigenvalues", .moment = "end", .axis = "real part", .x = x, .y = y};
  };
  Runs runs({eigenvalues({0.5, -1, 0.5}, {2, 0, -2}), eigenvalues({7}, {8})});
  const Band band = runs.band(eigenvalues({}, {}));
  CHECK(band.at == std::vector<double>{0.5, -1, 0.5});
  CHECK(band.median == std::vector<double>{2, 0, -2});
  CHECK(band.low == band.median);
  CHECK(band.high == band.median);
  CHECK(runs.band(eigenvalues({}, {}), 2).at == std::vector<double>{0.5, -1});
  runs.records[0].status = TrialStatus::failed;
  CHECK(runs.band(eigenvalues({}, {})).at == std::vector<double>{7});
}
