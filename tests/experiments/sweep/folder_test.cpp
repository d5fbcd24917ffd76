#include "experiments/sweep/folder.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <chrono>
#include <map>
#include <thread>
#include <vector>

#include "experiments/report/table.hpp"
#include "experiments/sweep/plan_file.hpp"
#include "tests/experiments/sweep/fake_sweep.hpp"
#include "tests/experiments/sweep/planned.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;
using namespace unroll::test;
using unroll::config_tests::Strings;

namespace {

/// A config's plan with these overrides, and what running it into `out` gives.
struct Study {
  SweepPlan plan(const std::vector<std::string>& overrides = {}) const {
    return plan_sweep(laboratory(), config, overrides);
  }
  SweepResult run(const std::vector<std::string>& overrides, bool extend = false, int* runs = nullptr) const {
    QuietOptions quiet(out, 1);
    quiet.options.extend = extend;
    quiet.options.header = "# made so\n";
    std::atomic<bool> stop = false;
    const auto counted = [&](const Config& settings, const TrialHooks&) {
      if (runs) ++*runs;
      return fake_record(settings);
    };
    return run_sweep(laboratory(), plan(overrides), quiet.options, counted, fake_cost, stop);
  }

  TemporaryFolder folder;
  std::filesystem::path config = written(folder.path() / "study.toml"), out = folder.path() / "out";

  static std::filesystem::path written(const std::filesystem::path& path) {
    write_text(path, "[sweep]\nseed = { count = 3 }\n");
    return path;
  }
};

}  // namespace

TEST_CASE("[folder] what an extension changes is an axis of all trials, the earlier ones too") {
  const Study study;
  study.run({});
  CHECK(read_plan(laboratory(), study.out).axis_keys == Strings{"seed"});
  const auto both = study.run({"train.learning_rate=0.5"}, true);
  CHECK(both.records.size() == 6);
  for (const SweepPlan& plan : {both.plan, read_plan(laboratory(), study.out)}) {
    CHECK(plan.axis_keys == Strings{"seed", "train.learning_rate"});
    for (std::size_t i = 0; i < 6; ++i)
      CHECK(plan.trials[i].axes.at("train.learning_rate") == (i < 3 ? "0.001" : "0.5"));
  }
  const std::string table = summary_table(both.plan, both.records);
  CHECK(contains(table, "\n        0.001  3 "));
  CHECK(contains(table, "\n          0.5  3 "));
}

TEST_CASE("[folder] the cell, the hidden size or the task that an extension changes never pools rows") {
  for (const std::string& override_ :
       Strings{"model.cell=gru", "model.hidden=7", "task.name=copy", "train.optimizer=adam",
               "train.epsilon=0.25", "task.length=7"}) {
    CAPTURE(override_);
    const Study study;
    study.run({});
    const auto both = study.run({override_}, true);
    const std::string key = override_.substr(0, override_.find('='));
    CHECK(both.plan.axis_keys == Strings{"seed", key});
  }
}

TEST_CASE("[folder] sweep.toml stays the first config, and every extension's is kept beside it") {
  const Study study;
  study.run({});
  const std::string first = read_file(study.out / "sweep.toml");
  CHECK(first == "# made so\n" + study.plan().resolved);
  study.run({"train.batch=5"}, true);
  study.run({"train.batch=6"}, true);
  CHECK(read_file(study.out / "sweep.toml") == first);
  CHECK(read_file(study.out / "sweep-2.toml") == "# made so\n" + study.plan({"train.batch=5"}).resolved);
  CHECK(contains(read_file(study.out / "sweep-3.toml"), "batch = 6"));
  CHECK(contains(read_plan(laboratory(), study.out).resolved, study.plan({"train.batch=6"}).resolved));
}

TEST_CASE("[folder] each of its configs continues, and runs nothing anew; another one is refused") {
  const Study study;
  study.run({});
  study.run({"train.batch=5", "seed=9"}, true);
  const std::string plan = read_file(study.out / "plan.jsonl");
  int runs = 0;
  for (const bool extend : {false, true}) {
    CHECK(study.run({}, extend, &runs).records.size() == 4);
    CHECK(study.run({"train.batch=5", "seed=9"}, extend, &runs).records.size() == 4);
  }
  CHECK(runs == 0);
  CHECK(read_file(study.out / "plan.jsonl") == plan);
  CHECK_FALSE(std::filesystem::exists(study.out / "sweep-3.toml"));
  const std::string refused = error_of<SweepRefused>([&] { study.run({"train.batch=6"}, false, &runs); });
  CHECK_MESSAGE(contains(refused, "train.batch: [20, 5] in the output folder, 6 in this config"), refused);
  CHECK_MESSAGE(contains(refused, "--extend"), refused);
  CHECK(runs == 0);
  CHECK(read_file(study.out / "plan.jsonl") == plan);
}

TEST_CASE("[folder] a copy of a config that a killed process did not write is written by the next") {
  const Study study;
  study.run({});
  const std::string first = read_file(study.out / "sweep.toml");
  std::filesystem::remove(study.out / "sweep.toml");
  CHECK(read_plan(laboratory(), study.out).trials.size() == 3);
  study.run({});
  CHECK(read_file(study.out / "sweep.toml") == first);
}

TEST_CASE("[folder] the folder of an earlier version is refused with the remedy, and left as it is") {
  const std::string old = R"({"id":"0123","axes":{"seed":"1"}})"
                          "\n";
  for (const bool with_plan : {false, true}) {
    const Study study;
    std::filesystem::create_directories(study.out);
    write_text(study.out / "sweep.toml", study.plan().resolved);
    if (with_plan) write_text(study.out / "plan.jsonl", old);
    for (const std::string& error :
         {error_of<ConfigError>([&] { study.run({}); }), error_of<ConfigError>([&] { study.run({}, true); }),
          error_of<ConfigError>([&] { read_plan(laboratory(), study.out); })}) {
      CHECK_MESSAGE(contains(error, "earlier version"), error);
      CHECK_MESSAGE(contains(error, "choose another --out"), error);
    }
    CHECK(journals_in(study.out).empty());
    if (with_plan) CHECK(read_file(study.out / "plan.jsonl") == old);
  }
}

TEST_CASE("[folder] what is no sweep's folder, or cannot be one, is said plainly") {
  const TemporaryFolder folder;
  write_text(folder.path() / "file", "x");
  for (const auto& path : {folder.path(), folder.path() / "absent", folder.path() / "file" / "below"})
    CHECK(contains(error_of<ConfigError>([&] { read_plan(laboratory(), path); }), "is no sweep's folder"));
  CHECK_THROWS_AS(read_plan(laboratory(), folder.path() / std::string(300, 'x')), FileError);
  std::filesystem::create_symlink("loop", folder.path() / "loop");
  CHECK_THROWS_AS(read_plan(laboratory(), folder.path() / "loop"), FileError);
}

TEST_CASE("[folder] processes that extend a folder at once add what each of them asked for") {
  for (int round = 0; round < 8; ++round) {
    const Study study;
    study.run({});
    std::vector<pid_t> children;
    for (int batch = 5; batch < 9; ++batch) {
      children.push_back(::fork());
      if (children.back() != 0) continue;
      const SweepPlan plan = study.plan({"train.batch=" + std::to_string(batch)});
      write_plan(laboratory(), study.out, plan, true, "");
      ::_exit(0);
    }
    for (const pid_t child : children) {
      int status = 1;
      ::waitpid(child, &status, 0);
      CHECK(WIFEXITED(status));
      CHECK(WEXITSTATUS(status) == 0);
    }
    const std::size_t each = study.plan({}).trials.size();
    CHECK(read_plan(laboratory(), study.out).trials.size() == 5 * each);
    CHECK(plan_files(study.out).size() == 5);
    for (int n = 2; n <= 5; ++n) CHECK(std::filesystem::exists(study.out / config_file_name(n)));
  }
}

TEST_CASE("[folder] processes that begin a folder at once with one config write one plan") {
  for (int round = 0; round < 30; ++round) {
    const Study study;
    const SweepPlan plan = study.plan({});
    std::vector<pid_t> children;
    for (int i = 0; i < 4; ++i) {
      children.push_back(::fork());
      if (children.back() != 0) continue;
      std::this_thread::sleep_for(std::chrono::microseconds(i * round * 20));
      write_plan(laboratory(), study.out, plan, false, "");
      ::_exit(0);
    }
    for (const pid_t child : children) {
      int status = 1;
      ::waitpid(child, &status, 0);
      CHECK(status == 0);
    }
    CHECK(plan_files(study.out).size() == 1);
    CHECK(read_plan(laboratory(), study.out).trials.size() == plan.trials.size());
  }
}

TEST_CASE("[folder] of processes that begin a folder at once with other configs one begins it") {
  for (int round = 0; round < 8; ++round) {
    const Study study;
    std::vector<pid_t> children;
    for (int batch = 5; batch < 9; ++batch) {
      children.push_back(::fork());
      if (children.back() != 0) continue;
      const SweepPlan plan = study.plan({"train.batch=" + std::to_string(batch)});
      const std::string refused =
          error_of<SweepRefused>([&] { write_plan(laboratory(), study.out, plan, false, ""); });
      ::_exit(refused == "(no error)" ? 0 : contains(refused, "in the output folder") ? 1 : 2);
    }
    std::map<int, int> ends;
    for (const pid_t child : children) {
      int status = 0;
      ::waitpid(child, &status, 0);
      ++ends[WEXITSTATUS(status)];
    }
    CHECK(ends == std::map<int, int>{{0, 1}, {1, 3}});
  }
}
