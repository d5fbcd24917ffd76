#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "experiments/bench/rows.hpp"
#include "tests/experiments/verbs/command.hpp"
#include "tests/support/contains.hpp"

using namespace unroll;
using namespace unroll::test;

namespace {

/// A time that was measured.
void check_time(const nlohmann::json& time) {
  REQUIRE(time.contains("median_ms"));
  CHECK(time["low_ms"] > 0.0);
  CHECK(time["low_ms"] <= time["median_ms"]);
  CHECK(time["median_ms"] <= time["high_ms"]);
  CHECK(time["samples"] >= 3);
}

/// Who takes part in sections where all of them always do.
const std::map<BenchKind, std::vector<std::string>> contestants = {
    {BenchKind::small, {"engine", "plain_loop"}},
    {BenchKind::stream, {"blocks", "calls", "plan"}},
    {BenchKind::reverse, {"engine", "handwritten"}},
    {BenchKind::ops, {"equations", "ops"}},
    {BenchKind::record, {"few_steps", "many_steps", "any_steps"}},
};

/// Nets that need checkpoints, and keep within their budget with them.
void check_memory_row(const nlohmann::json& row) {
  for (const char* key : {"with", "without"}) {
    check_time(row["times"][key]);
    CHECK(row["us_per_step"][key] > 0.0);
  }
  CHECK(row["with_to_without"] > 0.0);
  CHECK(row["planned"] <= row["max_memory"]);
  CHECK(row["planned_without"] > row["max_memory"]);
  REQUIRE(row["resident"].is_number());
  CHECK(row["resident"] > row["planned"]);
}

}  // namespace

TEST_CASE("[bench] --quick measures every quick row and says on what") {
  const TemporaryFolder folder;
  const auto bench = call(folder.path(), {"bench", "--quick", "--without-pytorch", "--format", "json"});
  REQUIRE_MESSAGE(bench.status == 0, bench.err);
  const auto all = nlohmann::json::parse(bench.out);
  for (const char* what : {"program", "compiler", "CPU", "instructions", "float products", "double products"})
    CHECK_FALSE(all["machine"][what].get<std::string>().empty());
  const std::vector<BenchRow> expected = select_rows(true, "");
  REQUIRE(all["rows"].size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto& row = all["rows"][i];
    INFO(expected[i].name());
    CHECK(row["row"] == expected[i].name());
    CHECK(row["hidden"] == expected[i].shape.hidden);
    if (expected[i].kind == BenchKind::length)
      for (const auto& length : row["lengths"]) check_time(length["time"]);
    if (expected[i].kind == BenchKind::memory) check_memory_row(row);
    if (const auto contest = contestants.find(expected[i].kind); contest != contestants.end())
      for (const std::string& key : contest->second) check_time(row["times"][key]);
    if (expected[i].kind == BenchKind::shards && !row.contains("problem")) {
      for (const char* key : {"one_thread", "two_threads"}) check_time(row["wall"][key]);
      CHECK(row["speedup"]["median"] > 0.0);
    }
    if (expected[i].kind != BenchKind::step) continue;
    for (const char* key : {"engine", "products"}) check_time(row["times"][key]);
    CHECK(row["ratios"]["engine_to_products"] > 0.0);
    CHECK(row["times"]["handwritten"].is_null() == (row["cell"] != "vanilla"));
    for (const char* key : {"engine_dx", "onednn"})
      CHECK(row["times"][key].is_null() == (row["cell"] == "mgu"));
    CHECK(row["times"]["pytorch_tuned"]["problem"] == "left out");
    CHECK(row["ratios"]["pytorch_tuned_to_engine"].is_null());
  }
}

TEST_CASE("[bench] the table shows what was selected and no other section") {
  const TemporaryFolder folder;
  const auto bench = call(folder.path(), {"bench", "--quick", "--without-pytorch", "--only", "record/mgu"});
  REQUIRE_MESSAGE(bench.status == 0, bench.err);
  CHECK(contains(bench.out, "T = 1,000,000"));
  CHECK(contains(bench.out, "\nmgu "));
  CHECK_FALSE(contains(bench.out, "hand-written"));
  CHECK_FALSE(contains(bench.out, "lstm"));
}

TEST_CASE("[bench] what cannot be meant is refused with status 2 before anything is measured") {
  const TemporaryFolder folder;
  const auto refused = [&](std::vector<std::string> arguments, std::string_view part) {
    arguments.insert(arguments.begin(), "bench");
    const auto outcome = call(folder.path(), arguments);
    CHECK(outcome.status == 2);
    CHECK_MESSAGE(contains(outcome.err, part), outcome.err);
    CHECK(outcome.out.empty());
  };
  refused({"--only", "step/transformer"}, "step/vanilla/100x20x2x128");
  refused({"--quick", "--only", "100x64x512x512"}, "--quick");
  refused({"--format", "jsno"}, "did you mean \"json\"");
  refused({"--resident", "memory"}, "memory/vanilla/1000000x8x2x64");
  refused({"--seconds", "0"}, "--seconds");
  refused({"vanilla"}, "flags only");
}

TEST_CASE("[bench] rows have names of their own and --only finds them") {
  for (const BenchRow& row : bench_rows()) {
    INFO(row.name());
    const auto same = [&](const BenchRow& other) { return other.name() == row.name(); };
    CHECK(std::ranges::count_if(bench_rows(), same) == 1);
    CHECK(select_rows(false, row.name()).size() == (row.runs == BenchRuns::quick ? 0 : 1));
    CHECK(select_rows(true, row.name()).size() == (row.runs == BenchRuns::full ? 0 : 1));
  }
}

TEST_CASE("[bench] as CSV a line for each figure of a row") {
  const TemporaryFolder folder;
  const auto bench =
      call(folder.path(), {"bench", "--quick", "--only", "record", "--without-pytorch", "--format", "csv"});
  REQUIRE_MESSAGE(bench.status == 0, bench.err);
  CHECK(bench.out.starts_with("row,figure,value\nrecord/"));
  CHECK(bench.out.find(",times/few_steps/median_ms,") != std::string::npos);
  const auto wrong = call(folder.path(), {"bench", "--quick", "--format", "cvs"});
  CHECK(wrong.status == 2);
  CHECK(wrong.err.find("did you mean \"csv\"") != std::string::npos);
}
