#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "experiments/verbs/checked_cells.hpp"
#include "tests/experiments/verbs/command.hpp"
#include "tests/support/laboratory.hpp"

// Several of the program itself on one folder, started at the same moment.

using namespace unroll;
using namespace unroll::test;

namespace {

constexpr int rounds = 20;
constexpr int at_once = 4;

using Words = std::vector<std::string>;

/// A `run` of a hundredth of a second.
Words tiny_run(int seed, const std::filesystem::path& out) {
  return {"run",
          "task.length=4",
          "model.hidden=4",
          "train.batch=2",
          "train.updates=4",
          "train.validate_every=4",
          "train.validation_sequences=4",
          "diagnose=[]",
          fmt::format("seed={}", seed),
          "--jobs",
          "1",
          "--out",
          out.string()};
}

std::string id_of(int seed) {
  Words words = tiny_run(seed, "unused");
  const auto end = std::ranges::find(words, "--jobs");
  return plan_trial(laboratory(), std::nullopt, {words.begin() + 1, end}).id;
}

bool has_row(const std::filesystem::path& out, const std::string& id) {
  const std::string csv = read_file(out / "results.csv");
  const std::size_t at = csv.find("\n" + id + ",");
  return at != std::string::npos &&
         csv.substr(at + 1, csv.find('\n', at + 1) - at).find(",done,") != std::string::npos;
}

/// How many of the commands ended well; of each that did its row is there.
int good_ones(const std::filesystem::path& folder, const std::filesystem::path& out, const Words& more) {
  std::vector<Command> commands;
  for (int seed = 1; seed <= at_once; ++seed) {
    Words words = tiny_run(seed, out);
    words.insert(words.end(), more.begin(), more.end());
    commands.emplace_back(folder, words);
  }
  std::vector<CommandOutcome> outcomes;
  for (Command& command : commands) outcomes.push_back(command.wait());
  int good = 0;
  for (int seed = 1; seed <= at_once; ++seed) {
    const CommandOutcome& outcome = outcomes[static_cast<std::size_t>(seed - 1)];
    CHECK_MESSAGE((outcome.status == 0 || outcome.status == 2), outcome.err);
    if (outcome.status == 2)
      CHECK_MESSAGE(outcome.err.find("holds a sweep with another config") != std::string::npos, outcome.err);
    if (outcome.status == 0) CHECK(has_row(out, id_of(seed)));
    good += outcome.status == 0;
  }
  return good;
}

}  // namespace

TEST_CASE("[together] of different runs on one folder one is kept, and the others say that they are not") {
  const TemporaryFolder folder;
  for (int round = 0; round < rounds; ++round)
    CHECK(good_ones(folder.path(), folder.path() / std::to_string(round), {}) == 1);
}

TEST_CASE("[together] with --extend all of them are kept, in the plan and in results.csv") {
  const TemporaryFolder folder;
  for (int round = 0; round < rounds; ++round)
    CHECK(good_ones(folder.path(), folder.path() / std::to_string(round), {"--extend"}) == at_once);
}

TEST_CASE("[together] the same run several times at once is one trial with one row") {
  const TemporaryFolder folder;
  const auto out = folder.path() / "out";
  std::vector<Command> commands;
  for (int i = 0; i < at_once; ++i) commands.emplace_back(folder.path(), tiny_run(1, out));
  for (Command& command : commands) CHECK(command.wait().status == 0);
  CHECK(has_row(out, id_of(1)));
  const std::string csv = read_file(out / "results.csv");
  CHECK(std::ranges::count(csv, '\n') == 2);
}

TEST_CASE("[together] the list of checked cells keeps what another process adds") {
  const TemporaryFolder folder;
  const SweepPlan vanilla = fake_plan(folder.path());
  SweepPlan gru = vanilla;
  for (Trial& trial : gru.trials) trial.config.model.cell = "gru";
  CheckedCells a(laboratory(), folder.path(), "build"),
      b(laboratory(), folder.path(), "build");  // both have seen an empty list
  a.check(vanilla);
  b.check(gru);
  a.save();
  b.save();
  const std::string list = read_file(folder.path() / "checked-cells.txt");
  CHECK(std::ranges::count(list, '\n') == 2);
}
