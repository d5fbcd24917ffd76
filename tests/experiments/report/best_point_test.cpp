#include "experiments/report/best_point.hpp"

#include <doctest/doctest.h>

#include "tests/experiments/sweep/fake_sweep.hpp"

using namespace unroll;
using namespace unroll::test;

namespace {

SweepPlan plan_with(const std::filesystem::path& folder, const std::string& axes) {
  write_text(folder / "config.toml", "[sweep]\nseed = [1, 2, 3]\n" + axes);
  return plan_sweep(laboratory(), folder / "config.toml", {});
}

/// 0.1 has the best single seed, 0.2 the best median, 0.3 is better than both but was stopped.
TrialRecord record_of(const Trial& trial) {
  const double rate = trial.config.train.learning_rate;
  TrialRecord record;
  record.id = trial.id;
  const double luck = rate == 0.1 ? (trial.config.seed == 1 ? 0.0 : 0.9) : rate;
  record.scalars = {{"best_loss", luck}, {"test_loss", luck + 1}};
  if (rate == 0.3) {
    record.status = TrialStatus::stopped;
    record.scalars = {{"best_loss", 0.01}};
  }
  return record;
}

std::string text_of(const SweepPlan& plan) {
  std::vector<TrialRecord> records;
  for (const Trial& trial : plan.trials) records.push_back(record_of(trial));
  return best_point_text(plan, records);
}

}  // namespace

TEST_CASE("[best point] the median over seeds chooses, among those that were trained to their end") {
  const TemporaryFolder folder;
  const std::string rates = "\"train.learning_rate\" = [0.1, 0.2, 0.3]\n";
  CHECK(text_of(plan_with(folder.path(), rates)) ==
        "best by the median over 3 seeds, of 2 points trained to their end: train.learning_rate=0.2\n"
        "  validation loss 0.2000, test loss 1.200\n");
  CHECK(text_of(plan_with(folder.path(), rates + "\"task.length\" = [5, 6]\n")) == "");  // other tasks
  CHECK(text_of(plan_with(folder.path(), "\"train.learning_rate\" = [0.2]\n")) == "");
}
