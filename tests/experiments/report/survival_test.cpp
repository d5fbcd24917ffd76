#include "experiments/report/survival.hpp"

#include <doctest/doctest.h>

using namespace unroll;

namespace {

TrialRecord run(std::int64_t updates, std::optional<std::int64_t> solved_at = std::nullopt,
                TrialStatus status = TrialStatus::done) {
  TrialRecord record;
  record.updates = updates;
  record.solved_at = solved_at;
  record.success = solved_at.has_value();
  record.status = status;
  return record;
}

SweepCell cell_of(const std::vector<TrialRecord>& records) {
  SweepCell cell;
  for (const TrialRecord& record : records) cell.runs.push_back(&record);
  return cell;
}

}  // namespace

TEST_CASE("[survival] of five runs, one of which the search stopped: by hand") {
  // At 10 one of 5 is solved: 4/5. At 20 one is censored. At 30 one of the 3 left: 4/5 * 2/3. The end is 40.
  const std::vector<TrialRecord> records = {run(10, 10), run(20, {}, TrialStatus::stopped), run(30, 30),
                                            run(40), run(40)};
  const Band band = survival_of(cell_of(records), 100);
  CHECK(band.at == std::vector<double>{0, 10, 10, 30, 30, 40});
  REQUIRE(band.median.size() == 6);
  CHECK(band.median[1] == 1);
  CHECK(band.median[2] == doctest::Approx(0.8));
  CHECK(band.median[3] == doctest::Approx(0.8));
  CHECK(band.median[4] == doctest::Approx(0.8 * 2 / 3));
  CHECK(band.median[5] == doctest::Approx(0.8 * 2 / 3));
}

TEST_CASE("[survival] one that diverged is never solved: it is not censored where it ended") {
  const std::vector<TrialRecord> diverged = {run(5, {}, TrialStatus::diverged), run(10, 10)};
  CHECK(survival_of(cell_of(diverged), 100).median.back() == doctest::Approx(0.5));
  const std::vector<TrialRecord> stopped = {run(5, {}, TrialStatus::stopped), run(10, 10)};
  CHECK(survival_of(cell_of(stopped), 100).median.back() == doctest::Approx(0));
}

TEST_CASE("[survival] there is a curve where something was solved, and no more places than asked for") {
  std::vector<SeriesSummary> list;
  const std::vector<TrialRecord> none = {run(10), run(10)};
  add_survival(cell_of(none).runs, list);
  CHECK(list.empty());
  std::vector<TrialRecord> many;
  for (int i = 1; i <= 50; ++i) many.push_back(run(i, i));
  add_survival(cell_of(many).runs, list);
  REQUIRE(list.size() == 1);
  const Band band = list.front().band_at(cell_of(many), "", 20);
  CHECK(band.at.size() == 20);
  CHECK(band.at.back() == 50);
  CHECK(band.median.back() == 0);
}
