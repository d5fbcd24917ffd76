#include "experiments/sweep/halving.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <random>
#include <set>

#include "experiments/config/config_error.hpp"
#include "experiments/report/csv.hpp"
#include "tests/experiments/sweep/fake_sweep.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"

using namespace unroll;
using namespace unroll::test;

namespace {

constexpr const char* nine_points =
    "[train]\nupdates = 90\nvalidate_every = 10\n"
    "[sweep]\nseed = { count = 3 }\n"
    "\"train.learning_rate\" = [0.9, 0.1, 0.5, 0.3, 0.7, 0.2, 0.8, 0.4, 0.6]\n";
const std::string halved = std::string(nine_points) + "halving = { first = 10, factor = 3 }\n";

SweepPlan plan_of_text(const std::filesystem::path& folder, const std::string& text) {
  write_text(folder / "config.toml", text);
  return plan_sweep(laboratory(), folder / "config.toml", {});
}

/// The smaller its rate the better, and the more so the longer it is trained; but the smallest one diverges.
TrialRecord rated_trial(const Config& config, const TrialHooks& hooks) {
  const bool stops = hooks.stop_at > 0 && hooks.stop_at < config.train.updates;
  TrialRecord record;
  record.updates = stops ? hooks.stop_at : config.train.updates;
  record.status = stops ? TrialStatus::stopped : TrialStatus::done;
  const double best = config.train.learning_rate + 0.001 * static_cast<double>(config.seed) +
                      1 / static_cast<double>(record.updates);
  record.scalars = {{"trivial_loss", 2.0}, {"best_loss", best}, {"last_loss", best}};
  if (config.train.learning_rate == 0.1) {
    record.status = TrialStatus::diverged;
    record.updates = 5;
  }
  return record;
}

/// By rate: the status of all its trials and their updates.
std::map<std::string, std::set<std::string>> ends_of(const SweepResult& result) {
  std::map<std::string, std::set<std::string>> ends;
  for (std::size_t i = 0; i < result.plan.trials.size(); ++i)
    ends[result.plan.trials[i].axes.at("train.learning_rate")].insert(
        fmt::format("{} {}", status_name(result.records[i].status), result.records[i].updates));
  return ends;
}

std::string plan_refusal(const std::string& text) {
  const TemporaryFolder folder;
  return error_of<ConfigError>([&] { plan_of_text(folder.path(), text); });
}

std::string text_of(const std::vector<std::vector<Rung>>& brackets) {
  std::string text;
  for (const auto& rungs : brackets) text += to_text(rungs) + "; ";
  return text;
}

}  // namespace

TEST_CASE("[halving] the best third goes on, by the median over seeds; what diverged does not") {
  const TemporaryFolder folder;
  const SweepPlan plan = plan_of_text(folder.path(), halved);
  const SweepResult result = run_quietly(plan, folder.path() / "out", 2, rated_trial);
  CHECK(result.missing == 0);
  const auto ends = ends_of(result);
  using Ends = std::set<std::string>;
  CHECK(ends.at("0.1") == Ends{"diverged 5"});
  CHECK(ends.at("0.2") == Ends{"done 90"});
  CHECK(ends.at("0.3") == Ends{"stopped 30"});
  CHECK(ends.at("0.4") == Ends{"stopped 30"});
  for (const char* rate : {"0.5", "0.6", "0.7", "0.8", "0.9"}) CHECK(ends.at(rate) == Ends{"stopped 10"});
}

TEST_CASE("[halving] the results depend neither on jobs nor on interruptions nor on processes") {
  const TemporaryFolder folder;
  const SweepPlan plan = plan_of_text(folder.path(), halved);
  const SweepResult once = run_quietly(plan, folder.path() / "once", 1, rated_trial);
  const std::string expected = results_csv(once.plan, once.records);
  CHECK(results_csv(plan, run_quietly(plan, folder.path() / "jobs", 4, rated_trial).records) == expected);

  const QuietOptions quiet(folder.path() / "stopped", 2);
  std::size_t calls = 0;
  for (bool interrupted = true; interrupted && calls < 100; ++calls) {
    std::atomic<bool> stop = false;
    std::atomic<int> trials = 0;
    const auto run = [&](const Config& config, const TrialHooks& hooks) {
      if (++trials > 4) stop = true;
      if (stop) throw Interrupted{};
      return rated_trial(config, hooks);
    };
    const SweepResult part = run_sweep(laboratory(), plan, quiet.options, run, fake_cost, stop);
    interrupted = part.interrupted;
    if (!interrupted) CHECK(results_csv(part.plan, part.records) == expected);
  }
  CHECK(calls > 3);
  CHECK(calls < 100);
}

TEST_CASE("[halving] what is to be trained follows from the records, in whatever order they came") {
  const TemporaryFolder folder;
  const SweepPlan plan = plan_of_text(folder.path(), halved);
  const SweepResult all = run_quietly(plan, folder.path() / "out", 2, rated_trial);
  std::mt19937 generator(1);
  std::vector<std::string> lines;
  for (const auto& journal : journals_in(folder.path() / "out")) {
    const std::string text = read_file(journal);
    for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
      lines.push_back(text.substr(at, text.find('\n', at) + 1 - at));
  }
  CHECK(lines.size() == 27 + 9 + 3 - 0);
  for (int round = 0; round < 20; ++round) {
    std::ranges::shuffle(lines, generator);
    std::string text;
    for (const std::string& line : lines) text += line;
    const auto there = folder.path() / fmt::format("shuffled{}", round);
    std::filesystem::create_directories(there);
    write_text(there / "journal-0000000000000000.jsonl", text);
    JournalReader reader(there);
    reader.refresh();
    CHECK(reader.conflicts().empty());
    for (const TrialRecord& record : all.records)
      CHECK(reader.records().at(record.id).updates == record.updates);
  }
}

TEST_CASE("[halving] Hyperband shares points out over starts at later rungs") {
  CHECK(text_of(rungs_of({10, 3, 1}, 27, 270)) == "27 points to 10 updates, 9 to 30, 3 to 90, 1 to 270; ");
  CHECK(text_of(rungs_of({10, 3, 1}, 2, 90)) == "2 points to 10 updates, 1 to 30, 1 to 90; ");
  CHECK(text_of(rungs_of({10, 2, 1}, 4, 35)) == "4 points to 10 updates, 2 to 20, 1 to 35; ");
  // Li et al. 2018, table 1 (R = 81, eta = 3): starts of 81, 34, 15, 8 and 5 points.
  CHECK(text_of(rungs_of({1, 3, 5}, 143, 81)) ==
        "81 points to 1 updates, 27 to 3, 9 to 9, 3 to 27, 1 to 81; "
        "34 points to 3 updates, 11 to 9, 3 to 27, 1 to 81; "
        "15 points to 9 updates, 5 to 27, 1 to 81; "
        "8 points to 27 updates, 2 to 81; "
        "5 points to 81 updates; ");
  CHECK(share_of_updates({10, 3, 1}, 9, 90) == doctest::Approx((90 + 3 * 20 + 60) / 810.0));
  CHECK(text_of(rungs_of({10, 3, 20}, 5, 20)).find("to 20") != std::string::npos);
}

TEST_CASE("[halving] with brackets every point is in one of them, and the plan's order does not choose") {
  const TemporaryFolder folder;
  const SweepPlan plan =
      plan_of_text(folder.path(), std::string(nine_points) + "halving = { first = 10, brackets = 2 }\n");
  const SweepResult result = run_quietly(plan, folder.path() / "out", 2, rated_trial);
  CHECK(result.missing == 0);
  std::size_t done = 0;
  for (const TrialRecord& record : result.records) done += record.status == TrialStatus::done;
  CHECK(done == 6);  // of each bracket one point with its three seeds
}

TEST_CASE("[halving] configs that cannot be compared are refused, with the values") {
  const std::string base = nine_points;
  CHECK(contains(plan_refusal(base + "halving = { first = 7 }\n"), "first = 7 must be a multiple of"));
  CHECK(contains(plan_refusal(base + "halving = { first = 90 }\n"),
                 "first = 90 must be below train.updates = 90"));
  CHECK(contains(plan_refusal(base + "halving = { factor = 3 }\n"), "expected `first`"));
  CHECK(contains(plan_refusal(base + "halving = { first = 10, factor = 1 }\n"),
                 "factor: expected an integer from 2 to 1000, found"));
  CHECK(contains(plan_refusal(base + "halving = { first = 10, rate = 1 }\n"), "unknown key \"rate\""));
  CHECK(contains(plan_refusal(base + "halving = 3\n"), "expected a table like"));
  CHECK(contains(plan_refusal("[train]\nvalidate_every = 10\n[sweep]\n\"train.updates\" = [90, 180]\n"
                              "halving = { first = 10 }\n"),
                 "train.updates is 90 and 180"));
}

TEST_CASE("[halving] a folder takes no other search, and no more points") {
  const TemporaryFolder folder;
  const auto out = folder.path() / "out";
  run_quietly(plan_of_text(folder.path(), halved), out, 2, rated_trial);
  const auto refused = [&](const std::string& text) {
    QuietOptions quiet(out);
    quiet.options.extend = true;
    std::atomic<bool> stop = false;
    try {
      run_sweep(laboratory(), plan_of_text(folder.path(), text), quiet.options, rated_trial, fake_cost, stop);
    } catch (const SweepRefused& error) {
      return contains(error.what(), "which are stopped depends on all of them");
    }
    return false;
  };
  CHECK(refused(nine_points));
  CHECK(refused(std::string(nine_points) + "halving = { first = 30 }\n"));
  std::string more = halved;
  CHECK(refused(more.replace(more.find("count = 3"), 9, "count = 4")));
  CHECK_FALSE(refused(halved));
}

TEST_CASE("[halving] a trial that fails behind a rung counts as that, until it is retried") {
  const TemporaryFolder folder;
  const SweepPlan plan = plan_of_text(folder.path(), halved);
  const auto failing = [](const Config& config, const TrialHooks& hooks) {
    if (config.train.learning_rate == 0.2 && hooks.stop_at == 30) throw std::runtime_error("no");
    return rated_trial(config, hooks);
  };
  const SweepResult result = run_quietly(plan, folder.path() / "out", 2, failing);
  CHECK(result.missing == 0);
  CHECK(result.failed == 3);
  CHECK(ends_of(result).at("0.2") == std::set<std::string>{"failed 10"});
  CHECK(ends_of(result).at("0.3") == std::set<std::string>{"done 90"});
}

TEST_CASE(
    "[halving] a plan that another process wrote a moment before is taken with its search, or not at all") {
  const TemporaryFolder folder;
  const auto out = folder.path() / "out";
  write_plan(laboratory(), out, plan_of_text(folder.path(), halved), false, "");
  CHECK_NOTHROW(write_plan(laboratory(), out, plan_of_text(folder.path(), halved), false, ""));
  CHECK_THROWS_AS(write_plan(laboratory(), out, plan_of_text(folder.path(), nine_points), true, ""),
                  SweepRefused);
}
