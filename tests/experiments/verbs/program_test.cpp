#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "experiments/sweep/journal.hpp"
#include "tests/experiments/verbs/command.hpp"
#include "tests/experiments/verbs/small_sweep.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/skipped.hpp"

// These run the program itself, as a user does.

using namespace unroll;
using namespace unroll::test;

namespace {

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

/// Waits, a minute at most, until the sweep in `out` has claimed a trial: by then it listens for signals.
bool begins_a_trial(const std::filesystem::path& out) {
  const auto is_claim = [](const std::filesystem::directory_entry& entry) {
    return entry.path().filename().string().starts_with("claim-");
  };
  for (int i = 0; i < 6000; ++i) {
    const std::filesystem::directory_iterator files(out);
    if (std::any_of(begin(files), end(files), is_claim)) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

}  // namespace

TEST_CASE("[program] --help lists every verb, and each verb shows its usage and an example, quickly") {
  const TemporaryFolder folder;
  const auto overview = call(folder.path(), {"--help"});
  CHECK(overview.status == 0);
  for (const char* verb : {"run", "sweep", "status", "report", "tasks", "doctor"}) {
    CHECK(contains(overview.out, verb));
    const auto help = call(folder.path(), {verb, "--help"});
    CHECK(help.status == 0);
    CHECK(contains(help.out, std::string("usage: unroll ") + verb));
    CHECK(contains(help.out, "examples:"));
    CHECK(help.err.empty());
  }
  CHECK(contains(call(folder.path(), {"sweep", "--help"}).out, "train.learning_rate"));
}

TEST_CASE("[program] a mistyped verb, flag or format is refused with the nearest name and status 2") {
  const TemporaryFolder folder;
  const auto verb = call(folder.path(), {"swep"});
  CHECK(verb.status == 2);
  CHECK(contains(verb.err, "did you mean `unroll sweep`?"));
  const auto flag = call(folder.path(), {"sweep", "x.toml", "--job", "2"});
  CHECK(flag.status == 2);
  CHECK(contains(flag.err, "did you mean \"--jobs\""));
  const auto format = call(folder.path(), {"tasks", "--format", "jsn"});
  CHECK(format.status == 2);
  CHECK(contains(format.err, "json"));
  CHECK(call(folder.path(), {}).status == 2);
  CHECK(call(folder.path(), {"sweep"}).status == 2);
  CHECK(call(folder.path(), {"sweep", "x.toml", "--jobs", "many"}).status == 2);
  CHECK(call(folder.path(), {"status"}).status == 2);
  CHECK(call(folder.path(), {"status", folder.path().string()}).status == 2);
}

TEST_CASE("[program] a config that is wrong ends with status 2, names the thing and writes nothing") {
  const TemporaryFolder folder;
  const auto out = folder.path() / "out";
  const auto config = small_sweep(folder.path());
  const auto refused = [&](const std::string& file, const std::string& override, const std::string& part) {
    const auto outcome = call(folder.path(), {"sweep", file, override, "--out", out.string()});
    CHECK(outcome.status == 2);
    CHECK_MESSAGE(contains(outcome.err, part), outcome.err);
    CHECK(outcome.out.empty());
    CHECK_FALSE(std::filesystem::exists(out));
  };
  refused((folder.path() / "absent.toml").string(), "seed=1", "absent.toml");
  refused(config, "train.lerning_rate=1", "train.learning_rate");
  refused(config, "task.name=addng", "adding");
  refused(config, "model.activation=tan", "tanh");
  refused(config, "train.optimizer=adamm", "adam");
  refused(config, "task.length=0", "task.length");
  refused(config, "task.length=-3", "task.length");
  refused(config, "model.hidden=100000", "bytes");
}

TEST_CASE("[program] a sweep leaves its files, and the same command again changes none of them") {
  const TemporaryFolder folder;
  const auto config = small_sweep(folder.path());
  const auto out = folder.path() / "out a";
  const std::vector<std::string> command = {"sweep", config, "--out", out.string(), "--jobs", "2"};
  const auto first = call(folder.path(), command);
  REQUIRE_MESSAGE(first.status == 0, first.err);
  CHECK(contains(first.out, "report: " + (out / "report.html").string()));
  for (const char* file : {"sweep.toml", "plan.jsonl", "results.csv", "report.html"}) {
    CHECK(std::filesystem::exists(out / file));
  }
  CHECK(journals_in(out).size() == 1);
  const std::string csv = read_file(out / "results.csv");
  CHECK(lines_in(csv) == 5);

  const auto time = std::filesystem::last_write_time(out / "report.html");
  const auto again = call(folder.path(), command);
  CHECK(again.status == 0);
  CHECK(again.out == first.out);
  CHECK(read_file(out / "results.csv") == csv);
  CHECK(std::filesystem::last_write_time(out / "report.html") == time);

  const auto alone = folder.path() / "alone";
  CHECK(call(folder.path(), {"sweep", config, "--out", alone.string(), "--jobs", "1"}).status == 0);
  CHECK(read_file(alone / "results.csv") == csv);

  // The resolved config is itself runnable and makes the same trials.
  const auto copy = folder.path() / "copy";
  CHECK(call(folder.path(), {"sweep", (out / "sweep.toml").string(), "--out", copy.string()}).status == 0);
  CHECK(read_file(copy / "results.csv") == csv);
}

TEST_CASE("[program] status counts trials for people and lists them for programs; report writes anew") {
  const TemporaryFolder folder;
  const auto out = folder.path() / "out";
  REQUIRE(call(folder.path(), {"sweep", small_sweep(folder.path()), "--out", out.string()}).status == 0);
  const auto listed = call(folder.path(), {"status", out.string(), "--format", "json"});
  CHECK(listed.status == 0);
  CHECK(contains(listed.err, "4 done, 0 diverged, 0 failed, 0 missing"));
  const auto rows = nlohmann::json::parse(listed.out);
  REQUIRE(rows.size() == 4);
  CHECK(rows[0]["status"] == "done");
  CHECK(rows[0]["task.length"] == "5");
  CHECK(lines_in(call(folder.path(), {"status", out.string(), "--format", "csv"}).out) == 5);

  const std::string csv = read_file(out / "results.csv");
  const std::string html = read_file(out / "report.html");
  std::filesystem::remove(out / "results.csv");
  std::filesystem::remove(out / "report.html");
  CHECK(call(folder.path(), {"report", out.string()}).status == 0);
  CHECK(read_file(out / "results.csv") == csv);
  CHECK(read_file(out / "report.html") == html);
}

TEST_CASE("[program] a changed config under an existing folder is refused with the difference") {
  const TemporaryFolder folder;
  const auto config = small_sweep(folder.path());
  const auto out = (folder.path() / "out").string();
  REQUIRE(call(folder.path(), {"sweep", config, "--out", out}).status == 0);
  const std::string csv = read_file(out + "/results.csv");
  const auto changed = call(folder.path(), {"sweep", config, "train.batch=5", "--out", out});
  CHECK(changed.status == 2);
  CHECK(contains(changed.err, "train.batch"));
  CHECK(read_file(out + "/results.csv") == csv);
  CHECK(call(folder.path(), {"sweep", config, "task.length=5,6,7", "--out", out, "--extend"}).status == 0);
  CHECK(lines_in(read_file(out + "/results.csv")) == 7);
}

TEST_CASE("[program] run trains one model and refuses a config of several") {
  const TemporaryFolder folder;
  const auto config = small_sweep(folder.path());
  const auto out = (folder.path() / "one").string();
  const auto several = call(folder.path(), {"run", config, "--out", out});
  CHECK(several.status == 2);
  CHECK(contains(several.err, "task.length"));
  const auto one = call(folder.path(), {"run", config, "task.length=5", "seed=1", "--out", out});
  CHECK_MESSAGE(one.status == 0, one.err);
  CHECK(lines_in(read_file(out + "/results.csv")) == 2);
  CHECK(call(folder.path(), {"status", out}).status == 0);
}

TEST_CASE("[program] a folder that cannot be written is named, with status 2") {
  const TemporaryFolder folder;
  const auto outcome = call(folder.path(), {"sweep", small_sweep(folder.path()), "--out", "/proc/nowhere"});
  CHECK(outcome.status == 2);
  CHECK(contains(outcome.err, "/proc/nowhere"));
}

TEST_CASE("[program] a signal ends a sweep with status 130 or 75 and keeps finished trials") {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGXCPU}) {
    const TemporaryFolder folder;
    // Four trials finish first; of the two that are added at least one is cut.
    const auto config = small_sweep(folder.path());
    const auto out = folder.path() / "out";
    REQUIRE(call(folder.path(), {"sweep", config, "--out", out.string()}).status == 0);
    Command command(folder.path(),
                    {"sweep", config, "task.length=5,6,60000", "--out", out.string(), "--extend"});
    REQUIRE(begins_a_trial(out));
    ::kill(command.id(), signal);
    const auto outcome = command.wait();
    CHECK(outcome.status == (signal == SIGINT ? 130 : 75));
    CHECK(contains(outcome.err, "stopped by SIG"));
    CHECK(contains(outcome.err, "are kept in"));
    JournalReader journals(out);
    journals.refresh();
    CHECK(journals.records().size() >= 4);
    CHECK(journals.records().size() < 6);
  }
}

TEST_CASE("[program] a reader of the messages that goes away ends nothing") {
  const TemporaryFolder folder;
  const auto out = (folder.path() / "out").string();
  const auto command = fmt::format("'{}' sweep '{}' --out '{}' 2>&1 >/dev/null | head -1 >/dev/null",
                                   program().string(), small_sweep(folder.path()), out);
  CHECK(std::system(command.c_str()) == 0);
  CHECK(contains(call(folder.path(), {"status", out}).err, "4 done"));
}

TEST_CASE("[program] a signal ends a process that waits for memory that there is none") {
  const TemporaryFolder folder;
  // OpenBLAS asks for its buffers again and again.
  const auto command = fmt::format(
      "ulimit -v 300000; timeout --kill-after=60 5 '{}' run task.length=5 train.updates=5 --out '{}'",
      program().string(), (folder.path() / "out").string());
  const CommandOutcome outcome = shell(folder.path(), command);
  CHECK(outcome.status != 137);  // SIGKILL, a minute later
}

TEST_CASE("[program] a file of another's making in /tmp is not followed") {
  const TemporaryFolder folder;
  const std::filesystem::path link = fmt::format("/tmp/.libxsmm.{}", ::getuid());
  std::error_code ignored;
  std::filesystem::remove(link, ignored);
  std::filesystem::create_symlink(folder.path() / "made", link);
  CHECK(call(folder.path(), {"doctor"}).status <= 1);
  CHECK_FALSE(std::filesystem::exists(folder.path() / "made"));
  std::filesystem::remove(link, ignored);
}

TEST_CASE(
    "[program] configs, models and cells that lie twenty thousand levels deep are refused with their place") {
  const TemporaryFolder folder;
  std::string dotted = "a", opened, closed;
  for (int i = 0; i < 20'000; ++i) dotted += ".a", opened += '(', closed += ')';
  write_text(folder.path() / "deep.toml", dotted + " = 1\n");
  std::filesystem::create_directories(folder.path() / "model");
  write_text(folder.path() / "model" / "model.toml", dotted + " = 1\n");
  write_text(folder.path() / "deep.cell", "cell a\nstate h\nh' = " + opened + "h" + closed + "\n");
  for (const auto& [verb, file] : std::vector<std::pair<std::string, std::string>>{
           {"run", "deep.toml"}, {"sweep", "deep.toml"}, {"evaluate", "model"}}) {
    const CommandOutcome outcome = call(folder.path(), {verb, (folder.path() / file).string()});
    CHECK_MESSAGE(outcome.status == 2, outcome.err);
    CHECK_MESSAGE(contains(outcome.err, "toml:1: a key of so many parts"), outcome.err);
  }
  const CommandOutcome cell = call(folder.path(), {"cells", "check", (folder.path() / "deep.cell").string()});
  CHECK_MESSAGE(cell.status == 2, cell.err);
  CHECK_MESSAGE(contains(cell.err, "deep.cell:3:"), cell.err);
}

TEST_CASE("[program] tasks lists every task with its source and its trivial loss") {
  const TemporaryFolder folder;
  const auto tasks = call(folder.path(), {"tasks", "--format", "json"});
  REQUIRE(tasks.status == 0);
  const auto rows = nlohmann::json::parse(tasks.out);
  REQUIRE_FALSE(rows.empty());
  CHECK(rows[0]["task"] == "adding");
  CHECK(std::abs(rows[0]["trivial_loss"].get<double>() - 1.0 / 6) < 1e-3);
  for (const auto& row : rows) CHECK_FALSE(row["source"].get<std::string>().empty());
}

TEST_CASE("[program] doctor tells the kernels in use and agrees with its exit status") {
  const TemporaryFolder folder;
  const auto doctor = call(folder.path(), {"doctor"});
  CHECK(contains(doctor.out, "double products"));
  CHECK(contains(doctor.out, "trials at once"));
  CHECK((doctor.status == 0) == contains(doctor.out, "nothing is wrong"));
  CHECK((doctor.status == 1) == contains(doctor.out, "problem:"));
}

TEST_CASE("[program] a wrong core of the user's own choice is warned of, not looped over") {
  const TemporaryFolder folder;
  const auto doctor = Command(folder.path(), {"doctor"}, {{"OPENBLAS_CORETYPE", "Prescott"}}).wait();
  CHECK(doctor.status <= 1);
  if (doctor.status == 1) CHECK(contains(doctor.err, "warning: "));
}

TEST_CASE("[program] a sweep whose messages nobody can read still computes and keeps everything") {
  const TemporaryFolder folder;
  const auto out = (folder.path() / "out").string();
  const auto command = fmt::format("'{}' sweep '{}' --out '{}' >/dev/null 2>/dev/full", program().string(),
                                   small_sweep(folder.path()), out);
  CHECK(std::system(command.c_str()) == 0);
  CHECK(call(folder.path(), {"status", out}).err.find("4 done") != std::string::npos);
}

TEST_CASE(
    "[program] another variant of the C library's functions is another kind of machine, which is said") {
  std::ifstream cpuinfo("/proc/cpuinfo");
  const std::string cpu(std::istreambuf_iterator<char>(cpuinfo), {});
  if (!contains(cpu, " fma ")) return say_skipped("the CPU has no FMA");
  const TemporaryFolder folder;
  const auto config = folder.path() / "config.toml";
  write_text(
      config,
      "[model]\nhidden = 4\n[train]\nbatch = 2\nupdates = 4\n[task]\nlength = 5\n[sweep]\nseed = [1, 2]\n");
  const std::string out = (folder.path() / "out").string();
  const auto sweep = [&](const std::vector<std::string>& more, const std::string& variant) {
    std::vector<std::string> words = {"sweep", config.string(), "--out", out};
    words.insert(words.end(), more.begin(), more.end());
    return Command(folder.path(), words, {{"GLIBC_TUNABLES", variant}}).wait();
  };
  CHECK(sweep({"seed=1"}, "").status == 0);
  const CommandOutcome other = sweep({"--extend"}, "glibc.cpu.hwcaps=-FMA,-AVX2");
  CHECK(other.status == 0);
  CHECK(contains(other.err, "another kind of machine"));
  CHECK(contains(other.err, "libm "));
}
