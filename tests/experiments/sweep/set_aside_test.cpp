#include "experiments/sweep/set_aside.hpp"

#include <doctest/doctest.h>

#include "experiments/config/config_error.hpp"
#include "tests/experiments/sweep/fake_sweep.hpp"

using namespace unroll;
using namespace unroll::test;

namespace {

TrialRecord record_with(TrialStatus status, std::int64_t updates, double loss) {
  TrialRecord record;
  record.id = std::string(32, 'a');
  record.status = status;
  record.updates = updates;
  record.scalars = {{"best_loss", loss}};
  return record;
}

void write_records(const std::filesystem::path& folder, const std::string& name,
                   const std::vector<TrialRecord>& records) {
  std::string text;
  for (const TrialRecord& record : records) text += journal_line(record) + '\n';
  write_text(folder / ("journal-" + name + ".jsonl"), text);
}

const std::string only_trial(32, 'a');

}  // namespace

TEST_CASE("[set aside] a record that was set aside counts no more, and the one beneath it does again") {
  const TemporaryFolder folder;
  write_records(folder.path(), "1",
                {record_with(TrialStatus::stopped, 10, 2), record_with(TrialStatus::failed, 10, 2)});
  JournalReader reader(folder.path());
  CHECK(reader.refresh());
  CHECK(reader.records().at(only_trial).status == TrialStatus::failed);
  CHECK(reader.lines_of(only_trial).size() == 2);
  write_set_aside(folder.path(), reader.lines_of(only_trial, TrialStatus::failed));
  CHECK(reader.refresh());
  CHECK(reader.records().at(only_trial).status == TrialStatus::stopped);
  CHECK(reader.starts_before(only_trial) == 1);
  CHECK_FALSE(reader.refresh());
  JournalReader other(folder.path());
  other.refresh();
  CHECK(other.records().at(only_trial).status == TrialStatus::stopped);
}

TEST_CASE("[set aside] of records that disagree both can go, whoever wrote them") {
  const TemporaryFolder folder;
  write_records(folder.path(), "1", {record_with(TrialStatus::done, 20, 1)});
  write_records(folder.path(), "2", {record_with(TrialStatus::done, 20, 2)});
  JournalReader reader(folder.path());
  reader.refresh();
  REQUIRE(reader.conflicts().contains(only_trial));
  CHECK(reader.conflicts().at(only_trial).find("--disagreeing") != std::string::npos);
  write_set_aside(folder.path(), reader.lines_of(only_trial));
  reader.refresh();
  CHECK(reader.conflicts().empty());
  CHECK(reader.records().empty());
  write_records(folder.path(), "3", {record_with(TrialStatus::done, 20, 3)});
  reader.refresh();
  CHECK(reader.records().at(only_trial).scalar("best_loss") == 3.0);
}

TEST_CASE("[set aside] what diverged is trained again by the same command, once, and must end alike") {
  const TemporaryFolder folder;
  const auto out = folder.path() / "out";
  const SweepPlan plan = fake_plan(folder.path(), "[5]", 2);
  int runs = 0;
  const auto run = [&](const Config& config, const TrialHooks&) {
    ++runs;
    TrialRecord record = fake_record(config);
    if (config.seed == 1) record.status = TrialStatus::diverged;
    return record;
  };
  const SweepResult first = run_quietly(plan, out, 1, run);
  CHECK(first.diverged == 1);
  JournalReader reader(out);
  reader.refresh();
  for (const TrialRecord& record : first.records)
    if (record.status == TrialStatus::diverged)
      write_set_aside(out, reader.lines_of(record.id, TrialStatus::diverged));
  const SweepResult again = run_quietly(plan, out, 1, run);
  CHECK(runs == 3);
  CHECK(again.diverged == 1);
  CHECK(again.missing == 0);
  for (const TrialRecord& record : again.records)
    CHECK(record.attempts == (record.status == TrialStatus::diverged ? 2 : 1));
  CHECK(run_quietly(plan, out, 1, run).missing == 0);
  CHECK(runs == 3);
}

TEST_CASE("[set aside] a damaged file is named with its line; nothing set aside makes none") {
  const TemporaryFolder folder;
  write_set_aside(folder.path(), {});
  CHECK(std::filesystem::is_empty(folder.path()));
  write_text(folder.path() / "retry-x.jsonl", "{\"id\":\"a\",\"record\":\"b\"}\n{\"id\"\n");
  JournalReader reader(folder.path());
  CHECK_THROWS_WITH_AS(reader.refresh(), doctest::Contains("retry-x.jsonl:2: "), ConfigError);
}
