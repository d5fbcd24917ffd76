#include <doctest/doctest.h>

#include "tests/experiments/sweep/fake_sweep.hpp"
#include "tests/experiments/train/stoppable.hpp"

using namespace unroll;
using namespace unroll::test;

TEST_CASE("[search] a trial that the search stopped at rungs goes on with the same bits") {
  const TemporaryFolder folder;
  Config config = laboratory().default_config();
  config.task.length = {6, 6};
  config.model.hidden = 5;
  config.train.batch = 4;
  config.train.updates = 40;
  config.train.validate_every = 5;
  config.train.validation_sequences = 20;
  config.train.test_sequences = 20;
  config.train.early_stop = false;
  Stoppable whole(config);
  REQUIRE(whole.run());

  Stoppable halved(config, folder.path() / "trial" / "checkpoint.safetensors");
  for (const std::int64_t rung : {10, 20}) {
    halved.hooks.stop_at = rung;
    REQUIRE(halved.run());
    const TrialRecord record = record_from_json(halved.result().record);
    CHECK(record.status == TrialStatus::stopped);
    CHECK(record.updates == rung);
    CHECK_FALSE(record.scalar("test_loss"));  // the test set is for those that went to the end
    CHECK(std::filesystem::exists(halved.hooks.checkpoint));
    const std::string again = halved.result().record;
    REQUIRE(halved.run());  // killed before the record was written
    CHECK(halved.result().record == again);
  }
  halved.hooks.stop_at = 0;
  REQUIRE(halved.run());
  CHECK(halved.before == 20);
  CHECK(halved.result() == whole.result());
  CHECK_FALSE(std::filesystem::exists(halved.hooks.checkpoint));
}
