#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "experiments/verbs/verb.hpp"
#include "tests/experiments/verbs/command.hpp"
#include "tests/experiments/verbs/small_sweep.hpp"
#include "tests/support/contains.hpp"

// These run the program itself, as a user does.

using namespace unroll;
using namespace unroll::test;

TEST_CASE("[plan verb] says what a sweep would do, and what is done of it, and writes nothing") {
  const TemporaryFolder folder;
  const std::string config = small_sweep(folder.path()), out = (folder.path() / "out").string();
  const auto before = call(folder.path(), {"plan", config, "--out", out, "--jobs", "2"});
  CHECK_MESSAGE(before.status == 0, before.err);
  CHECK(contains(before.out, "axes      seed (2 values), task.length (2 values)\n"));
  CHECK(contains(before.out, "trials    4\n"));
  CHECK(contains(before.out, "nothing yet in " + out));
  CHECK(contains(before.out, "refused   none\n"));
  CHECK_FALSE(std::filesystem::exists(out));

  CHECK(call(folder.path(), {"sweep", config, "task.length=5", "--out", out}).status == 0);
  const auto half = call(folder.path(), {"plan", config, "--out", out, "--extend", "--format", "json"});
  CHECK(half.status == 0);
  const auto given = nlohmann::json::parse(half.out);
  CHECK(given.at("trials") == 4);
  CHECK(given.at("done") == 2);
  CHECK(given.at("to_run") == 2);
  CHECK(given.at("flops_to_run") < given.at("flops"));
  CHECK(given.at("seconds") > 0.0);
  CHECK(given.at("refusals").empty());

  const auto refused = call(folder.path(), {"plan", config, "--out", out});
  CHECK(refused.status == 2);
  CHECK(contains(refused.out, "2 of these trials are new to it"));
}

TEST_CASE(
    "[dry run] every verb that has --dry-run says what it would do, trains no trial and makes no file") {
  const TemporaryFolder folder;
  const std::string config = small_sweep(folder.path());
  const auto study = folder.path() / "study.toml";
  write_text(study, "[study]\ntitle = \"Small\"\nsource = \"nobody\"\nabout = \"Nothing.\"\n" +
                        read_file(config) +
                        "[[expect]]\nsays = \"it trains\"\npart = \"second\"\nwhere = \"task.length == 5\"\n"
                        "measure = \"best_loss\"\nat_most = 1\n[parts.first]\n[parts.second]\n");
  const std::map<std::string, std::string> words = {
      {"run", "train.updates=40"}, {"sweep", config}, {"study", study.string()}};
  std::size_t verbs = 0;
  for (const Verb& verb : verb_table()) {
    if (flags_of(verb).find_nothrow("dry-run", false) == nullptr) continue;
    ++verbs;
    const std::string name(verb.name);
    CAPTURE(name);
    const auto word = words.find(name);
    REQUIRE_MESSAGE(word != words.end(), "a verb with --dry-run that this test does not know");
    const TemporaryFolder outputs;  // the program's messages lie elsewhere
    const auto in_folder = [&](const std::string& flags) {
      return shell(folder.path(), "cd '" + outputs.path().string() + "' && '" + program().string() + "' " +
                                      name + " '" + word->second + "' --dry-run " + flags);
    };
    const auto said = in_folder("");
    CHECK_MESSAGE(said.status == 0, said.err);
    CHECK(contains(said.out, "trials    "));
    CHECK(contains(said.out, "nothing yet in out/"));
    CHECK_FALSE(contains(said.err, "best loss"));
    CHECK(in_folder("--out elsewhere").status == 0);
    CHECK(std::filesystem::is_empty(outputs.path()));
  }
  CHECK(verbs == words.size());
  const auto parts = call(folder.path(), {"study", study.string(), "--dry-run", "--format", "json"});
  const auto json = nlohmann::json::parse(parts.out);
  REQUIRE(json.size() == 2);
  CHECK(json.at(1).at("part") == "second");
  CHECK(json.at(1).at("to_run") == 4);
  CHECK(contains(call(folder.path(), {"study", "--write-results", "x.md", "--dry-run"}).err,
                 "leave one of them out"));
  CHECK(contains(call(folder.path(), {"run", "--replay", "x", "--dry-run"}).err, "leave --dry-run out"));
}

TEST_CASE("[plan verb] wrong words end with status 2") {
  const TemporaryFolder folder;
  const std::string config = small_sweep(folder.path());
  CHECK(call(folder.path(), {"plan"}).status == 2);
  CHECK(contains(call(folder.path(), {"plan", config, "--format", "jsn"}).err, "did you mean \"json\"?"));
  CHECK(
      contains(call(folder.path(), {"plan", config, "sweep.where=seed > 9"}).err, "leaves out all 4 points"));
  const auto some = call(folder.path(), {"plan", config, "train.batch_shards=1,9"});
  CHECK(some.status == 2);
  CHECK(contains(some.out, "4 trials: "));
}

TEST_CASE("[program] --print-config shows where each key comes from, and runs nothing") {
  const TemporaryFolder folder;
  const std::string config = small_sweep(folder.path());
  for (const char* verb : {"sweep", "plan", "run"}) {
    const auto shown = call(folder.path(), {verb, config, "train.batch=6", "--print-config"});
    CHECK(shown.status == 0);
    CHECK(contains(shown.out, "# override \"train.batch=6\""));
    CHECK(contains(shown.out, config + ":2:10"));
    CHECK(contains(shown.out, "# default"));
  }
  const auto study = call(folder.path(), {"study", "latching", "train.batch=6", "--print-config"});
  CHECK(study.status == 0);
  CHECK(contains(study.out, "# part two-sequences\n"));
  CHECK(contains(study.out, "# override \"train.batch=6\""));
}

TEST_CASE("[budget] all trials make equally many updates, and a folder keeps its number") {
  const TemporaryFolder folder;
  const auto config = (folder.path() / "config.toml").string();
  test::write_text(
      config,
      "diagnose = []\n[task]\nname = \"adding\"\nlength = 5\n[model]\nhidden = 4\n[train]\nbatch = 2\n"
      "updates = 7\nvalidate_every = 10\nvalidation_sequences = 5\ntest_sequences = 5\n"
      "early_stop = false\n[sweep]\nseed = [1, 2]\n");
  const auto out = (folder.path() / "out").string();
  const auto first = call(folder.path(), {"sweep", config, "--out", out, "--budget", "1s"});
  REQUIRE(first.status == 0);
  const auto updates_of = [&] {
    std::set<std::int64_t> updates;
    for (const Trial& trial : read_plan(laboratory(), out).trials) updates.insert(trial.config.train.updates);
    return updates;
  };
  const std::set<std::int64_t> updates = updates_of();
  REQUIRE(updates.size() == 1);
  CHECK(*updates.begin() % 10 == 0);
  CHECK(*updates.begin() > 10);
  CHECK(contains(first.err, fmt::format("--budget 1s: {} updates for each trial", *updates.begin())));
  const auto again = call(folder.path(), {"sweep", config, "--out", out, "--budget", "3s"});
  CHECK(again.status == 0);
  CHECK(contains(again.err, "which stay"));
  CHECK(updates_of() == updates);

  const auto complaint = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"sweep", config, "--out", out + "2"});
    const auto called = call(folder.path(), words);
    CHECK(called.status == 2);
    return called.err;
  };
  CHECK(contains(complaint({"--budget", "12"}), "expected a time like 90s, 12min"));
  CHECK(contains(complaint({"--budget", "-1s"}), "expected a time like"));
  CHECK(contains(complaint({"--budget", "1s", "train.updates=5,6"}), "train.updates is an axis"));
  CHECK(contains(complaint({"--budget", "1s", "train.updates=40", "sweep.halving={first=10}"}),
                 "halving does not"));
  CHECK(contains(complaint({"--budget", "0.001s"}), "fewer than train.validate_every = 10"));
  CHECK(contains(complaint({"--time-limit", "soon"}), "--time-limit: expected a time"));
  CHECK(contains(complaint({"--on-fail", "panic"}), "expected continue or stop"));
}

TEST_CASE("[retry verb] says what will be trained again, and needs to know what") {
  const TemporaryFolder folder;
  const std::string config = small_sweep(folder.path()), out = (folder.path() / "out").string();
  CHECK(call(folder.path(), {"sweep", config, "task.length=5", "--out", out}).status == 0);
  CHECK(contains(call(folder.path(), {"retry", out}).err, "--failed, --diverged or --disagreeing"));
  CHECK(call(folder.path(), {"retry", out}).status == 2);
  CHECK(call(folder.path(), {"retry", folder.path().string(), "--failed"}).status == 2);
  const auto none = call(folder.path(), {"retry", out, "--failed", "--diverged", "--disagreeing"});
  CHECK(none.status == 0);
  CHECK(contains(none.err, "0 trials to be trained again"));

  // A trial that reached its time limit has failed.
  const auto late = call(folder.path(), {"sweep", config, "seed=9", "train.updates=4000", "task.length=5",
                                         "--out", out + "2", "--time-limit", "0.001s"});
  CHECK(late.status == 1);
  CHECK(contains(late.err, "reached the time limit"));
  CHECK(contains(call(folder.path(), {"retry", out + "2", "--failed"}).err,
                 "1 trial to be trained again: 1 failed"));
  const auto done = call(
      folder.path(), {"sweep", config, "seed=9", "train.updates=4000", "task.length=5", "--out", out + "2"});
  CHECK_MESSAGE(done.status == 0, done.err);
}

TEST_CASE("[run] --format json prints one object and nothing else") {
  const TemporaryFolder folder;
  const auto out = (folder.path() / "out").string();
  const auto ran = call(folder.path(), {"run", small_sweep(folder.path()), "seed=1", "task.length=5", "--out",
                                        out, "--format", "json"});
  REQUIRE(ran.status == 0);
  const auto given = nlohmann::json::parse(ran.out);
  CHECK(given.at("status") == "done");
  CHECK(given.at("updates") == 40);
  CHECK(given.at("metrics").at("best_loss") > 0.0);
  CHECK(given.at("settings").at("task.length") == "5");
  CHECK(given.at("settings").at("model.hidden") == 8);
  CHECK(given.at("folder") == out);
  CHECK(call(folder.path(), {"run", "--format", "jsn"}).status == 2);
}

TEST_CASE("[status] --follow ends where nothing is missing, with the table") {
  const TemporaryFolder folder;
  const std::string config = small_sweep(folder.path()), out = (folder.path() / "out").string();
  CHECK(call(folder.path(), {"sweep", config, "--out", out}).status == 0);
  const auto followed = call(folder.path(), {"status", out, "--follow", "--format", "csv"});
  CHECK(followed.status == 0);
  CHECK(contains(followed.err, "4 trials: 4 done, 0 diverged, 0 failed, 0 missing"));
  CHECK(contains(followed.out, "done,"));
}
