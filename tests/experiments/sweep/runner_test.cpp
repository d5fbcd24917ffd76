#include "experiments/sweep/runner.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "experiments/report/csv.hpp"
#include "experiments/sweep/machine.hpp"
#include "experiments/sweep/run.hpp"
#include "experiments/train/trial.hpp"
#include "framework/tensor/cpu.hpp"
#include "tests/experiments/sweep/fake_sweep.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;
using namespace unroll::test;

namespace {}  // namespace

TEST_CASE("[sweep] every trial is run once and recorded in the order of the plan") {
  const TemporaryFolder folder;
  const SweepPlan plan = fake_plan(folder.path());
  std::mutex mutex;
  std::map<std::uint64_t, int> runs;
  const auto result =
      run_quietly(plan, folder.path() / "out", 4, [&](const Config& config, const TrialHooks&) {
        const std::lock_guard lock(mutex);
        ++runs[1000 * config.seed + static_cast<std::uint64_t>(config.task.length.most)];
        return fake_record(config);
      });
  CHECK(runs.size() == plan.trials.size());
  for (const auto& [trial, count] : runs) CHECK(count == 1);
  REQUIRE(result.records.size() == plan.trials.size());
  for (std::size_t i = 0; i < plan.trials.size(); ++i) {
    CHECK(result.records[i].id == plan.trials[i].id);
    CHECK(result.records[i].build == "test build");
  }
}

TEST_CASE("[sweep] the results are the same bytes with 1 and with 4 trials at once") {
  const TemporaryFolder folder;
  const SweepPlan plan = fake_plan(folder.path());
  const auto one = run_quietly(plan, folder.path() / "one", 1, slow_trial);
  const auto four = run_quietly(plan, folder.path() / "four", 4, slow_trial);
  CHECK(one.missing == 0);
  CHECK(csv_of(one) == csv_of(four));
}

TEST_CASE("[sweep] as many trials run at once as were asked for, and no more") {
  for (const int jobs : {1, 3}) {
    const TemporaryFolder folder;
    std::atomic<int> running = 0;
    std::atomic<int> most = 0;
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(20);  // of a busy machine
    run_quietly(fake_plan(folder.path()), folder.path() / "out", jobs,
                [&](const Config& config, const TrialHooks&) {
                  const int now = ++running;
                  for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
                  }
                  do std::this_thread::sleep_for(std::chrono::milliseconds(20));
                  while (most < jobs && std::chrono::steady_clock::now() < patience);
                  --running;
                  return fake_record(config);
                });
    CHECK(most == jobs);
  }
}

TEST_CASE("[sweep] with one trial at once the longest start first") {
  const TemporaryFolder folder;
  std::vector<std::int64_t> lengths;
  run_quietly(fake_plan(folder.path()), folder.path() / "out", 1,
              [&](const Config& config, const TrialHooks&) {
                lengths.push_back(config.task.length.most);
                return fake_record(config);
              });
  CHECK(lengths.size() == 12);
  CHECK(std::ranges::is_sorted(lengths, std::ranges::greater{}));
}

TEST_CASE("[sweep] the same sweep again runs nothing and touches no file") {
  const TemporaryFolder folder;
  const SweepPlan plan = fake_plan(folder.path());
  const auto out = folder.path() / "out";
  const auto first = run_quietly(plan, out);
  std::map<std::filesystem::path, std::filesystem::file_time_type> times;
  for (const auto& entry : std::filesystem::directory_iterator(out))
    times[entry.path()] = entry.last_write_time();
  const auto second = run_quietly(plan, out, 2, [](const Config&, const TrialHooks&) -> TrialRecord {
    FAIL("a finished trial was run again");
    return {};
  });
  CHECK(csv_of(first) == csv_of(second));
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(out)) {
    ++files;
    CHECK(times.at(entry.path()) == entry.last_write_time());
  }
  CHECK(files == times.size());
}

TEST_CASE("[sweep] a trial that throws is recorded as failed with its reason, and the others go on") {
  const TemporaryFolder folder;
  const SweepPlan plan = fake_plan(folder.path());
  const auto out = folder.path() / "out";
  const auto fragile = [](const Config& config, const TrialHooks&) {
    if (config.task.length == 10 && config.seed == 2) throw std::runtime_error("no such luck");
    return fake_record(config);
  };
  const auto result = run_quietly(plan, out, 2, fragile);
  CHECK(result.failed == 1);
  CHECK(result.missing == 0);
  const auto failed = std::ranges::find(result.records, TrialStatus::failed, &TrialRecord::status);
  REQUIRE(failed != result.records.end());
  CHECK(failed->reason == "no such luck");
  const auto trial = std::ranges::find(result.plan.trials, failed->id, &Trial::id);
  REQUIRE(trial != result.plan.trials.end());
  CHECK(trial->axes.at("seed") == "2");

  // Only where asked for is it run again; then its new record counts.
  int runs = 0;
  const auto counted = [&](const Config& config, const TrialHooks&) { return ++runs, fake_record(config); };
  CHECK(run_quietly(plan, out, 1, counted).failed == 1);
  CHECK(runs == 0);
  QuietOptions quiet(out, 1);
  quiet.options.retry_failed = true;
  std::atomic<bool> stop = false;
  const auto retried = run_sweep(laboratory(), plan, quiet.options, counted, fake_cost, stop);
  CHECK(retried.failed == 0);
  CHECK(runs == 1);
  for (const TrialRecord& record : retried.records) {
    CHECK(record.attempts == (record.id == failed->id ? 2 : 1));
    CHECK(record.host == host_name());
  }
}

TEST_CASE("[sweep] a diverged trial is a result, also with numbers that are not finite") {
  const TemporaryFolder folder;
  const SweepPlan plan = fake_plan(folder.path());
  const auto diverging = [](const Config& config, const TrialHooks&) {
    TrialRecord record = fake_record(config);
    if (config.task.length != 20) return record;
    record.status = TrialStatus::diverged;
    record.reason = "NaN in h at t = 7";
    record.set({"last_loss", std::nan("")});
    return record;
  };
  const auto result = run_quietly(plan, folder.path() / "out", 2, diverging);
  CHECK(result.diverged == 4);
  CHECK(result.failed == 0);
  CHECK(csv_of(result) == csv_of(run_quietly(plan, folder.path() / "out", 2, diverging)));
}

TEST_CASE("[sweep] subnormals are flushed inside every trial, on every thread") {
  const TemporaryFolder folder;
  std::atomic<int> kept = 0, runs = 0;
  run_quietly(fake_plan(folder.path()), folder.path() / "out", 4,
              [&](const Config& config, const TrialHooks&) {
                volatile float tiny = 1e-38f;
                tiny = tiny * 1e-3f;
                if (tiny != 0) ++kept;
                ++runs;
                return fake_record(config);
              });
  CHECK(kept == 0);
  CHECK(runs == 12);
}

TEST_CASE("[sweep] an interruption keeps finished trials, records no other, and the rest is run later") {
  const TemporaryFolder folder;
  const SweepPlan plan = fake_plan(folder.path());
  const auto out = folder.path() / "out";
  const QuietOptions quiet(out, 2);
  std::atomic<bool> stop = false;
  std::atomic<int> started = 0;
  const auto stopping = [&](const Config& config, const TrialHooks& hooks) {
    if (++started == 6) stop = true;
    return slow_trial(config, hooks);
  };
  const auto cut = run_sweep(laboratory(), plan, quiet.options, stopping, fake_cost, stop);
  CHECK(cut.interrupted);
  CHECK(cut.records.size() >= 4);
  CHECK(cut.missing == plan.trials.size() - cut.records.size());
  CHECK(cut.missing >= plan.trials.size() - 6);

  const auto rest = run_quietly(plan, out);
  CHECK_FALSE(rest.interrupted);
  CHECK(rest.missing == 0);
  CHECK(csv_of(rest) == csv_of(run_quietly(plan, folder.path() / "whole")));
}

TEST_CASE("[sweep] another config under the same folder is refused with the difference, or extends it") {
  const TemporaryFolder folder;
  const auto out = folder.path() / "out";
  const SweepPlan small = fake_plan(folder.path(), "[5, 10]");
  const SweepPlan large = fake_plan(folder.path(), "[5, 10, 40]");
  run_quietly(small, out);
  const std::string before = read_file(out / "sweep.toml");
  CHECK_THROWS_WITH_AS(run_quietly(large, out), doctest::Contains("task.length"), SweepRefused);
  CHECK(read_file(out / "sweep.toml") == before);

  QuietOptions quiet(out, 2);
  quiet.options.extend = true;
  std::atomic<bool> stop = false;
  std::atomic<int> runs = 0;
  const auto counted = [&](const Config& config, const TrialHooks&) { return ++runs, fake_record(config); };
  const auto extended = run_sweep(laboratory(), large, quiet.options, counted, fake_cost, stop);
  CHECK(runs == 4);
  CHECK(extended.records.size() == 12);
  // From now on the larger config is the folder's.
  CHECK(run_quietly(large, out).records.size() == 12);
  CHECK(read_plan(laboratory(), out).trials.size() == 12);
}

TEST_CASE("[sweep] an extension by other trials keeps the earlier ones in the results") {
  const TemporaryFolder folder;
  const auto out = folder.path() / "out";
  run_quietly(fake_plan(folder.path(), "[5, 10]"), out);
  QuietOptions quiet(out, 2);
  quiet.options.extend = true;
  std::atomic<bool> stop = false;
  const auto both = run_sweep(laboratory(), fake_plan(folder.path(), "[40]"), quiet.options, instant_trial,
                              fake_cost, stop);
  CHECK(both.records.size() == 12);
  CHECK(both.missing == 0);
  CHECK(read_plan(laboratory(), out).trials.size() == 12);
}

TEST_CASE(
    "[sweep] continuing under another build is refused unless asked for, and only when something is left") {
  const TemporaryFolder folder;
  const auto out = folder.path() / "out";
  const SweepPlan plan = fake_plan(folder.path());
  std::atomic<bool> stop = false;
  const QuietOptions first(out, 1);
  int runs = 0;
  run_sweep(
      laboratory(), plan, first.options,
      [&](const Config& config, const TrialHooks&) {
        if (++runs == 3) stop = true;
        return fake_record(config);
      },
      fake_cost, stop);
  stop = false;
  QuietOptions other(out, 1);
  other.options.build = "another build";
  CHECK_THROWS_WITH_AS(run_sweep(laboratory(), plan, other.options, instant_trial, fake_cost, stop),
                       doctest::Contains("--allow-other-build"), SweepRefused);
  other.options.allow_other_build = true;
  CHECK(run_sweep(laboratory(), plan, other.options, instant_trial, fake_cost, stop).missing == 0);
  other.options.allow_other_build = false;
  CHECK_NOTHROW(run_sweep(laboratory(), plan, other.options, instant_trial, fake_cost, stop));
}

TEST_CASE("[sweep] too little memory is refused before anything is written") {
  const TemporaryFolder folder;
  const auto out = folder.path() / "out";
  const QuietOptions quiet(out, 2);
  std::atomic<bool> stop = false;
  const auto huge = [](const Config&) { return TrialCost{std::size_t{1} << 60, 1}; };
  CHECK_THROWS_WITH_AS(
      run_sweep(laboratory(), fake_plan(folder.path()), quiet.options, instant_trial, huge, stop),
      doctest::Contains("bytes"), SweepRefused);
  CHECK_FALSE(std::filesystem::exists(out));
}

TEST_CASE("[sweep] a folder that cannot be made is named with the reason") {
  const TemporaryFolder folder;
  write_text(folder.path() / "file", "x");
  CHECK_THROWS_WITH_AS(run_quietly(fake_plan(folder.path()), folder.path() / "file" / "out"),
                       doctest::Contains("file/out"), FileError);
  CHECK_THROWS_AS(run_quietly(fake_plan(folder.path()), folder.path() / "file"), FileError);
  CHECK_THROWS_AS(run_quietly(fake_plan(folder.path()), "/proc/unroll"), FileError);
}

TEST_CASE("[sweep] two thousand short trials share units, and leave a handful of files") {
  const TemporaryFolder folder;
  const SweepPlan plan = fake_plan(folder.path(), "[5]", 2000);
  const auto out = folder.path() / "out";
  CHECK(run_quietly(plan, out).missing == 0);
  CHECK(std::distance(std::filesystem::directory_iterator(out), {}) < 20);
}

TEST_CASE("[sweep] a trial begun by another build is refused before any runs, a damaged checkpoint is not") {
  const TemporaryFolder folder;
  const SweepPlan plan = fake_plan(folder.path());
  const auto out = folder.path() / "out";
  const QuietOptions quiet(out, 1);
  const auto refusal = [&](bool allow_other_build) -> std::string {
    SweepOptions options = quiet.options;
    options.allow_other_build = allow_other_build;
    std::atomic<bool> stop = false;
    bool ran = false;
    const auto run = [&](const Config& config, const TrialHooks& hooks) {
      CHECK(hooks.origin.build == "test build");
      CHECK(hooks.any_build == allow_other_build);
      ran = true;
      return fake_record(config);
    };
    try {
      run_sweep(laboratory(), plan, options, run, fake_cost, stop);
      return "(ran)";
    } catch (const SweepRefused& refused) {
      CHECK_FALSE(ran);
      return refused.what();
    }
  };
  const std::string id = plan.trials.back().id;
  const auto checkpoint = out / "trials" / id / "checkpoint.safetensors";
  std::filesystem::create_directories(out);
  save_checkpoint(checkpoint, {}, {id, "another build"});
  const std::string other = refusal(false);
  CHECK_MESSAGE(other.find("there: another build\n  here:  test build") != std::string::npos, other);
  CHECK_MESSAGE(other.find("--allow-other-build") != std::string::npos, other);

  save_checkpoint(checkpoint, {}, {"another trial", "test build"});
  const std::string copied = refusal(true);
  CHECK_MESSAGE(copied.find("checkpoint of the trial \"another trial\"") != std::string::npos, copied);

  std::filesystem::resize_file(checkpoint, 20);
  CHECK(refusal(false) == "(ran)");  // from its start: run_trial() says so

  const auto later = folder.path() / "later";
  const QuietOptions there(later, 1);
  std::filesystem::create_directories(later);
  save_checkpoint(later / "trials" / id / "checkpoint.safetensors", {}, {id, "another build"});
  SweepOptions allowed = there.options;
  allowed.allow_other_build = true;
  std::atomic<bool> stop = false;
  CHECK(run_sweep(laboratory(), plan, allowed, instant_trial, fake_cost, stop).missing == 0);
  // Finished trials need no checkpoint any more.
  CHECK(refusal(false) == "(ran)");
}

TEST_CASE("[sweep] trials start when their memory fits beside those that run") {
  const TemporaryFolder folder;
  QuietOptions quiet(folder.path() / "out", 4);
  quiet.options.memory = 25'000;
  std::mutex mutex;
  std::int64_t now = 0, most = 0, at_once = 0, most_at_once = 0;
  const auto run = [&](const Config& config, const TrialHooks&) {
    const std::int64_t bytes = config.task.length.most * 1000;
    {
      const std::lock_guard lock(mutex);
      most = std::max(most, now += bytes);
      most_at_once = std::max(most_at_once, ++at_once);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    const std::lock_guard lock(mutex);
    now -= bytes;
    --at_once;
    return fake_record(config);
  };
  const auto cost = [](const Config& config) {
    return TrialCost{static_cast<std::size_t>(config.task.length.most) * 1000, 1};
  };
  std::atomic<bool> stop = false;
  const SweepPlan plan = fake_plan(folder.path());  // lengths 5, 10, 20
  CHECK(run_sweep(laboratory(), plan, quiet.options, run, cost, stop).missing == 0);
  CHECK(most <= 25'000);
  CHECK(most_at_once >= 2);  // of 5 and 20, say
}

TEST_CASE("[sweep] the first failed trial ends the sweep where that is asked for") {
  const TemporaryFolder folder;
  QuietOptions quiet(folder.path() / "out", 1);
  quiet.options.stop_on_failure = true;
  const auto run = [](const Config& config, const TrialHooks&) {
    if (config.seed == 2) throw std::runtime_error("no such thing");
    return fake_record(config);
  };
  std::atomic<bool> stop = false;
  const SweepPlan plan = fake_plan(folder.path());
  const SweepResult result = run_sweep(laboratory(), plan, quiet.options, run, fake_cost, stop);
  CHECK(result.failed == 1);
  CHECK(result.missing > 0);
  CHECK(result.error.find("no such thing") != std::string::npos);
  CHECK(result.error.find("--on-fail stop") != std::string::npos);
}

TEST_CASE(
    "[sweep] a trial that reaches its time limit has failed, and goes on from there when it is retried") {
  const TemporaryFolder folder;
  const auto config = folder.path() / "config.toml";
  write_text(config,
             "diagnose = []\n[task]\nname = \"adding\"\nlength = 5\n[model]\nhidden = 4\n[train]\nbatch = 2\n"
             "updates = 400\nvalidate_every = 200\nvalidation_sequences = 5\ntest_sequences = 5\n"
             "early_stop = false\n");
  const SweepPlan plan = plan_sweep(laboratory(), config, {});
  QuietOptions quiet(folder.path() / "out", 1);
  const TrialFunction real = [](const Config& c, const TrialHooks& hooks) {
    return run_trial(laboratory(), c, hooks);
  };
  std::atomic<bool> stop = false;
  quiet.options.time_limit = std::chrono::milliseconds(1);
  const SweepResult late = run_sweep(laboratory(), plan, quiet.options, real, fake_cost, stop);
  REQUIRE(late.failed == 1);
  CHECK(late.records[0].reason.find("reached the time limit of") != std::string::npos);
  quiet.options.time_limit = {};
  quiet.options.retry_failed = true;
  const SweepResult done = run_sweep(laboratory(), plan, quiet.options, real, fake_cost, stop);
  CHECK(done.failed == 0);
  CHECK(results_csv(done.plan, done.records) ==
        results_csv(plan, run_quietly(plan, folder.path() / "whole", 1, real).records));
}

TEST_CASE("[sweep] another kind of machine is said, and with --same-cpu its trials are left to it") {
  const TemporaryFolder folder;
  const auto out = folder.path() / "out";
  const SweepPlan plan = fake_plan(folder.path());
  QuietOptions here(out, 1);
  here.options.build = "unroll 1; this CPU";
  std::atomic<bool> stop = false;
  CHECK(run_sweep(laboratory(), plan, here.options, instant_trial, fake_cost, stop).missing == 0);

  const SweepPlan more = fake_plan(folder.path(), "[5, 10, 20, 30]");
  const Trial& begun = more.trials.back();
  save_checkpoint(checkpoint_of(out, begun), {}, {begun.id, "unroll 1; that CPU"});
  here.options.extend = here.options.same_cpu = true;
  here.options.patience = std::chrono::milliseconds(100);
  const SweepResult left = run_sweep(laboratory(), more, here.options, instant_trial, fake_cost, stop);
  CHECK(left.missing == 1);
  CHECK_FALSE(left.interrupted);

  here.options.build = "unroll 1; that CPU";
  CHECK(run_sweep(laboratory(), more, here.options, instant_trial, fake_cost, stop).missing == 0);
  here.options.build = "unroll 2; that CPU";
  const SweepPlan most = fake_plan(folder.path(), "[5, 10, 20, 30, 40]");
  CHECK_THROWS_WITH_AS(run_sweep(laboratory(), most, here.options, instant_trial, fake_cost, stop),
                       doctest::Contains("another build"), SweepRefused);
}
