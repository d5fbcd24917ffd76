#include "experiments/sweep/outlook.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>

#include "experiments/sweep/calibration.hpp"
#include "experiments/sweep/journal.hpp"
#include "tests/experiments/config/fixture.hpp"
#include "tests/experiments/sweep/fake_sweep.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;
using namespace unroll::test;
using namespace unroll::config_tests;

namespace {

const std::string small =
    "diagnose = []\n[model]\nhidden = 8\n[train]\nbatch = 4\nupdates = 40\nvalidation_sequences = "
    "20\ntest_sequences = 20\n"
    "early_stop = false\n";

Outlook outlook(const std::string& text, const OutlookOptions& options) {
  const ConfigFile file(text);
  Space space(laboratory(), read_source(laboratory().options(), file.path(), {}));
  return outlook_of(laboratory(), space, options);
}

OutlookOptions quick(const std::filesystem::path& folder) {
  OutlookOptions options;
  options.folder = folder;
  options.calibration_seconds = 0.02;
  return options;
}

}  // namespace

TEST_CASE("[outlook] counts, work and memory are those of the trials") {
  const TemporaryFolder folder;
  const auto out = folder.path() / "out";
  const Outlook o = outlook(
      small + "[sweep]\nseed = { count = 3 }\n\"task.length\" = [5, 6, 7]\nwhere = \"task.length != 6\"",
      quick(out));
  CHECK(o.points == 9);
  CHECK(o.omitted.left_out == 3);
  CHECK(o.trials == 6);
  CHECK(o.to_run == 6);
  CHECK(o.shapes == 2);
  CHECK_FALSE(o.refused());
  double flops = 0, bytes = 0;
  const ConfigFile five(small + "[task]\nlength = 5"), seven(small + "[task]\nlength = 7");
  for (const ConfigFile* file : {&five, &seven}) {
    const TrialCost cost = trial_cost(laboratory(), plan_trial(laboratory(), file->path(), {}).config);
    flops += 3 * cost.flops;
    bytes = std::max(bytes, static_cast<double>(cost.bytes));
  }
  CHECK(o.flops == doctest::Approx(flops));
  CHECK(o.flops_to_run == doctest::Approx(flops));
  CHECK(o.bytes == doctest::Approx(bytes));
  CHECK(o.seconds > 0);
  CHECK_FALSE(o.may_end_early);
  CHECK_FALSE(std::filesystem::exists(out));
}

TEST_CASE("[outlook] many shapes are told from some of them") {
  const TemporaryFolder folder;
  const Outlook o = outlook(small + "[sweep]\n\"model.hidden\" = \"1..300:1\"", quick(folder.path() / "out"));
  CHECK(o.trials == 300);
  CHECK(o.shapes == 300);
  CHECK(o.costed == 200);
  CHECK(o.measured <= 12);
  double flops = 0;
  for (int hidden = 1; hidden <= 300; ++hidden) {
    const ConfigFile file(small + "[model.constants]\n");
    Config config = plan_trial(laboratory(), file.path(), {"model.hidden=" + std::to_string(hidden)}).config;
    flops += trial_cost(laboratory(), config).flops;
  }
  CHECK(o.flops == doctest::Approx(flops).epsilon(0.02));
}

TEST_CASE("[outlook] what would be refused is counted by its reason") {
  const TemporaryFolder folder;
  const Outlook o =
      outlook("[train]\nbatch = 4\n[sweep]\nseed = { count = 3 }\n\"train.batch_shards\" = [1, 8, 16]",
              quick(folder.path() / "out"));
  CHECK(o.trials == 3);
  REQUIRE(o.refusals.size() == 2);
  CHECK(o.refusals[0].trials == 3);
  CHECK(contains(o.refusals[0].reason, "train.batch_shards"));
  CHECK(contains(o.refusals[0].first, "train.batch_shards=8"));
  CHECK(std::isnan(o.seconds));
  const Outlook huge = outlook("[model]\nhidden = 100000\n", quick(folder.path() / "out"));
  REQUIRE(huge.refusals.size() == 1);
  CHECK(contains(huge.refusals[0].reason, "not enough memory"));
}

TEST_CASE("[outlook] trials that end together on some threads") {
  CHECK(makespan({}, 2) == 0);
  CHECK(makespan({3, 1, 2}, 1) == 6);
  CHECK(makespan({3, 1, 2}, 2) == 3);
  CHECK(makespan({4, 1, 1}, 2) == 4);
  CHECK(makespan({2, 2, 2}, 2) == 4);
}
