#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <random>

#include "experiments/export/database.hpp"
#include "experiments/export/export_format.hpp"
#include "tests/experiments/sweep/fake_sweep.hpp"

using namespace unroll;

namespace {

/// The first column of what a query gives, NULL as "null".
std::vector<std::string> column(const std::filesystem::path& file, const std::string& query) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
  std::vector<std::string> values;
  const auto take = [](void* to, int, char** texts, char**) {
    static_cast<std::vector<std::string>*>(to)->push_back(texts[0] ? texts[0] : "null");
    return 0;
  };
  const int result = sqlite3_exec(database, query.c_str(), take, &values, nullptr);
  const std::string error = sqlite3_errmsg(database);
  sqlite3_close(database);
  REQUIRE_MESSAGE(result == SQLITE_OK, error);
  return values;
}

std::vector<TrialRecord> records_of(const SweepPlan& plan) {
  std::vector<TrialRecord> records;
  for (const Trial& trial : plan.trials) {
    records.push_back(test::fake_record(trial.config));
    records.back().id = trial.id;
  }
  return records;
}

struct Exported {
  Exported() : plan(test::fake_plan(folder.path())), records(records_of(plan)) {}

  std::string write(bool timing = false) const {
    sqlite_format().write({laboratory(), plan, records, timing}, file);
    return read_file(file);
  }

  TemporaryFolder folder;
  std::filesystem::path file = folder.path() / "x.sqlite";
  SweepPlan plan;
  std::vector<TrialRecord> records;
};

}  // namespace

TEST_CASE(
    "[export] SQLite: the order, the time and the place of records leave no trace, unless they are asked "
    "for") {
  Exported sweep;
  const std::string before = sweep.write();
  std::mt19937 engine(1);
  for (int i = 0; i < 5; ++i) {
    std::ranges::shuffle(sweep.records, engine);
    for (TrialRecord& record : sweep.records) {
      record.seconds += 1;
      record.host += "x";
      record.build += "y";
      record.attempts += 2;
    }
    CHECK(sweep.write() == before);
  }
  CHECK(sweep.write(true) != before);
  CHECK(column(sweep.file, "select attempts from timing limit 1") == std::vector<std::string>{"11"});
}

TEST_CASE("[export] SQLite: numbers are numbers, and rows stand in the order of the plan") {
  Exported sweep;
  sweep.write();
  std::vector<std::string> ids;
  for (const Trial& trial : sweep.plan.trials) ids.push_back(trial.id);
  CHECK(column(sweep.file, "select id from trials order by number") == ids);
  CHECK(column(sweep.file,
               "select distinct typeof(seed) || typeof(\"task.length\") || typeof(best_loss) || "
               "typeof(\"model.cell\") || typeof(\"train.learning_rate\") from trials") ==
        std::vector<std::string>{"integerintegerrealtextreal"});
  CHECK(column(sweep.file, "select count(*) from series where series = 'loss' and moment = 'validation'") ==
        std::vector<std::string>{std::to_string(2 * sweep.records.size())});
  CHECK(column(sweep.file, "pragma integrity_check") == std::vector<std::string>{"ok"});
  CHECK(column(sweep.file, "pragma foreign_key_check").empty());
}

TEST_CASE("[export] SQLite: a NaN is NULL, an infinity is kept, a trial without result has no numbers") {
  Exported sweep;
  sweep.records[0].set({"best_loss", std::numeric_limits<double>::quiet_NaN()});
  sweep.records[1].set({"best_loss", std::numeric_limits<double>::infinity()});
  sweep.records[2].status = TrialStatus::failed;
  sweep.records[2].reason = "it's \"broken\"";
  sweep.records.erase(sweep.records.begin() + 3);
  sweep.write();
  const auto found = column(sweep.file, "select best_loss from trials limit 4");
  CHECK(found == std::vector<std::string>{"null", "Inf", "null", "null"});
  CHECK(column(sweep.file, "select status from trials limit 4") ==
        std::vector<std::string>{"done", "done", "failed", "missing"});
  CHECK(column(sweep.file, "select reason from trials where status = 'failed'") ==
        std::vector<std::string>{"it's \"broken\""});
  CHECK(column(sweep.file, "select updates from trials where status <> 'done'") ==
        std::vector<std::string>{"null", "null"});
}

TEST_CASE("[export] SQLite: names that it does not tell apart, and odd ones, are columns of their own") {
  Exported sweep;
  sweep.records[0].set({"A", 1});
  sweep.records[0].set({"a", 2});
  sweep.records[0].set({"Status", 3});
  sweep.records[0].set({"say \"x\"; drop table trials", 4});
  sweep.write();
  CHECK(column(sweep.file,
               "select \"A\" || \"a (2)\" || \"Status (2)\" || \"say \"\"x\"\"; drop table trials\" from "
               "trials limit 1") == std::vector<std::string>{"1.02.03.04.0"});
}

TEST_CASE("[export] SQLite: what it wrote is known again, and nothing else") {
  Exported sweep;
  const auto wrote = [&](const std::string& bytes) {
    test::write_text(sweep.file, bytes);
    return sqlite_format().wrote(sweep.file);
  };
  const std::string bytes = sweep.write();
  CHECK(wrote(bytes));
  CHECK(wrote(""));
  CHECK_FALSE(wrote("SQLite format 3"));
  CHECK_FALSE(wrote("text"));
  std::string other = bytes;
  other[70] = static_cast<char>(other[70] ^ 1);
  CHECK_FALSE(wrote(other));
  CHECK_FALSE(sqlite_format().wrote(sweep.folder.path()));
  CHECK_FALSE(sqlite_format().wrote(sweep.folder.path() / "nowhere"));
}

TEST_CASE("[export] every format writes a sweep without any result, and knows what it wrote") {
  Exported sweep;
  sweep.records.clear();
  for (const ExportFormat& format : export_formats()) {
    CAPTURE(format.name);
    const auto target = sweep.folder.path() / format.target;
    format.write({laboratory(), sweep.plan, sweep.records}, target);
    CHECK(format.wrote(target));
    format.write({laboratory(), sweep.plan, sweep.records}, target);
    CHECK(format.wrote(target));
    CHECK_FALSE(format.wrote(sweep.folder.path()));
  }
}

TEST_CASE("[export] TensorBoard: folders of an earlier export go when trials are called otherwise") {
  Exported sweep;
  const auto target = sweep.folder.path() / "tensorboard";
  tensorboard_format().write({laboratory(), sweep.plan, sweep.records}, target);
  const auto before = names_in(target);
  CHECK(before.size() == sweep.records.size());
  sweep.plan.axis_keys = {"seed"};
  tensorboard_format().write({laboratory(), sweep.plan, sweep.records}, target);
  const auto after = names_in(target);
  CHECK(after.size() == sweep.records.size());
  CHECK(after != before);
}
