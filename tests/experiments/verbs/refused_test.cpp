#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/wait.h>

#include <cstdlib>

#include "experiments/sweep/say.hpp"
#include "tests/experiments/verbs/command.hpp"
#include "tests/support/contains.hpp"

// What the program does when the system refuses it something: a write to its stdout, a path.

using namespace unroll;
using namespace unroll::test;

namespace {

/// A finished sweep of one short trial in `folder`/out.
std::filesystem::path finished(const std::filesystem::path& folder) {
  const auto out = folder / "out";
  const auto outcome =
      call(folder, {"run", "task.length=4", "model.hidden=4", "train.batch=2", "train.updates=4",
                    "train.validate_every=4", "train.validation_sequences=4", "--out", out.string()});
  REQUIRE_MESSAGE(outcome.status == 0, outcome.err);
  return out;
}

/// `unroll WORDS` behind bash, with redirections and pipes; its stderr, and the status of the first of a
/// pipe.
CommandOutcome in_shell(const std::filesystem::path& folder, const std::string& words,
                        const std::string& behind) {
  const auto err = folder / ("shell-" + random_hex()), script = folder / ("script-" + random_hex());
  write_text(script, fmt::format("'{}' {} 2>'{}' {}\nexit ${{PIPESTATUS[0]}}\n", program().string(), words,
                                 err.string(), behind));
  const int status = std::system(fmt::format("bash '{}' >/dev/null", script.string()).c_str());
  return {WEXITSTATUS(status), "", read_file(err)};
}

/// The reader of its pipe has gone when `unroll WORDS` begins.
CommandOutcome without_reader(const std::filesystem::path& folder, const std::string& words) {
  const auto fifo = folder / ("fifo-" + random_hex());
  const std::string name = "'" + fifo.string() + "'";
  // Opened for both, so that no open waits; then only the write end is left.
  const std::string start = fmt::format("mkfifo {0}; exec 3<>{0} 4>{0} 3>&-; ", name);
  const auto err = folder / ("shell-" + random_hex()), script = folder / ("script-" + random_hex());
  write_text(script, fmt::format("{}'{}' {} 2>'{}' >&4\n", start, program().string(), words, err.string()));
  const int status = std::system(fmt::format("bash '{}'", script.string()).c_str());
  return {WEXITSTATUS(status), "", read_file(err)};
}

}  // namespace

TEST_CASE("[refused] what cannot be written to stdout is said, and is never status 0") {
  const TemporaryFolder folder;
  const std::string out = "'" + finished(folder.path()).string() + "'";
  for (const std::string& words :
       {"status " + out, "status --format json " + out, "report " + out, std::string("--help"),
        std::string("--version"), std::string("sweep --help"), std::string("tasks"), std::string("cells"),
        std::string("cells show lstm")}) {
    CAPTURE(words);
    CHECK(in_shell(folder.path(), words, ">/dev/null").status == 0);
    const auto full = in_shell(folder.path(), words, ">/dev/full");
    CHECK(full.status == 1);
    CHECK_MESSAGE(contains(full.err, "cannot write to standard output: No space left on device"), full.err);
    const auto closed = in_shell(folder.path(), words, ">&-");
    CHECK(closed.status == 1);
    CHECK_MESSAGE(contains(closed.err, "cannot write to standard output"), closed.err);
  }
}

TEST_CASE("[refused] a status that is not good stays what it is when stdout is full as well") {
  const TemporaryFolder folder;
  CHECK(in_shell(folder.path(), "status nowhere", ">/dev/full").status == 2);
}

TEST_CASE("[refused] a reader that goes away ends the program quietly, and not with status 0") {
  const TemporaryFolder folder;
  const auto out = finished(folder.path());
  for (const std::string& words : {"status '" + out.string() + "'", std::string("sweep --help")}) {
    CAPTURE(words);
    const auto gone = without_reader(folder.path(), words);
    CHECK(gone.status == 141);
    CHECK_MESSAGE(!contains(gone.err, "unroll:"), gone.err);
  }
}

TEST_CASE("[refused] a sweep whose readers are gone still computes and keeps everything") {
  const TemporaryFolder folder;
  const auto out = folder.path() / "out";
  const auto gone =
      without_reader(folder.path(),
                     "run task.length=4 model.hidden=4 train.batch=2 train.updates=4 train.validate_every=4 "
                     "train.validation_sequences=4 --out '" +
                         out.string() + "'");
  CHECK(gone.status == 141);
  CHECK(call(folder.path(), {"status", out.string()}).err.find("1 done") != std::string::npos);
}

TEST_CASE("[refused] a path that the system does not take is one plain message and status 2, in every verb") {
  const TemporaryFolder folder;
  write_text(folder.path() / "file", "x");
  std::filesystem::create_symlink("loop", folder.path() / "loop");
  const std::string here = folder.path().string() + "/";
  for (const std::string& path :
       {here + std::string(300, 'n'), here + "file/below", here + "loop", here + "loop/below",
        here + std::string(5000, '/') + "x", here + std::string(120'000, 'p'), here + "bytes-\xff\xfe"}) {
    CAPTURE(path.substr(0, 100));
    const std::vector<std::vector<std::string>> commands = {{"status", path},
                                                            {"report", path},
                                                            {"sweep", path},
                                                            {"run", path},
                                                            {"predict", path, here + "file"},
                                                            {"generate", path},
                                                            {"score", path, here + "file"},
                                                            {"run", "task.name=words", "task.text=" + path},
                                                            {"run", "model.cell=" + path},
                                                            {"cells", "show", path},
                                                            {"cells", "check", path + ".cell"}};
    for (const auto& command : commands) {
      const auto outcome = call(folder.path(), command);
      INFO(command[0] << ": " << outcome.err.substr(0, 3000));
      CHECK(outcome.status == 2);
      CHECK(outcome.out.empty());
      CHECK_FALSE(contains(outcome.err, "unexpected"));
      CHECK_FALSE(contains(outcome.err, "filesystem error"));
      CHECK(outcome.err.size() < 5000);
    }
  }
  for (const std::string& path : {here + std::string(300, 'n'), here + "file/below", here + "loop"}) {
    const auto outcome = call(folder.path(), {"run", "task.length=4", "--out", path});
    INFO(outcome.err);
    CHECK(outcome.status == 2);
    CHECK(contains(outcome.err, path));
    CHECK_FALSE(contains(outcome.err, "unexpected"));
  }
}

TEST_CASE("[refused] a folder whose name is no UTF-8 works as any other") {
  const TemporaryFolder folder;
  const std::string out = folder.path().string() + "/bytes-\xff\xfe";
  const std::vector<std::string> command = {"run",
                                            "task.length=4",
                                            "model.hidden=4",
                                            "train.batch=2",
                                            "train.updates=4",
                                            "train.validate_every=4",
                                            "train.validation_sequences=4",
                                            "--out",
                                            out};
  for (int again = 0; again < 2; ++again) {
    const auto outcome = call(folder.path(), command);
    CHECK_MESSAGE(outcome.status == 0, outcome.err);
  }
  for (const char* verb : {"status", "report"}) CHECK(call(folder.path(), {verb, out}).status == 0);
  CHECK(call(folder.path(), {"run", out + "/sweep.toml", "--out", folder.path().string() + "/copy"}).status ==
        0);
}

TEST_CASE("[refused] status and report need the plan alone, not the config, its cell or its text") {
  const TemporaryFolder folder;
  const auto cell = folder.path() / "leaky.cell";
  write_text(cell, "cell leaky\nstate h\nh' = 0.5 * h + 0.5 * act(W x + U h)\n");
  const auto out = folder.path() / "out";
  REQUIRE(call(folder.path(), {"run", "task.length=4", "model.hidden=4", "train.batch=2", "train.updates=4",
                               "train.validate_every=4", "train.validation_sequences=4",
                               "model.cell=" + cell.string(), "--out", out.string()})
              .status == 0);
  const std::string html = read_file(out / "report.html");
  for (const auto& gone : {cell, out / "sweep.toml", out / "report.html"}) std::filesystem::remove(gone);
  CHECK(contains(call(folder.path(), {"status", out.string()}).err, "1 done"));
  CHECK(call(folder.path(), {"report", out.string()}).status == 0);
  CHECK(read_file(out / "report.html") == html);
}

TEST_CASE("[refused] what a user typed is cut in messages, wherever it is quoted") {
  const TemporaryFolder folder;
  constexpr std::size_t most = 120'000;  // the system takes 128 KiB as one argument
  const std::string token(most, 'x');
  std::string words;
  while (words.size() < most) words += "a b\x1b";
  for (const std::string& typed : {token, words}) {
    const std::vector<std::vector<std::string>> commands = {{typed},
                                                            {"sweep", typed},
                                                            {"status", typed},
                                                            {"sweep", "x.toml", "--" + typed},
                                                            {"run", typed + "=1"},
                                                            {"run", "task.length=" + typed},
                                                            {"run", "--jobs", typed},
                                                            {"run", "task.name=" + typed},
                                                            {"cells", "show", typed},
                                                            {"tasks", "--format", typed},
                                                            {"run", "model.cell=" + typed},
                                                            {"generate", typed}};
    for (const auto& command : commands) {
      const auto outcome = call(folder.path(), command);
      INFO(command[0].substr(0, 20) << ": " << outcome.err.substr(0, 3000));
      CHECK(outcome.status == 2);
      CHECK(outcome.err.size() < 8000);
      CHECK_FALSE(contains(outcome.err, "\x1b"));
    }
  }
}

TEST_CASE("[refused] what a file holds is cut in messages too") {
  const TemporaryFolder folder;
  const std::string huge(300'000, 'x');
  const auto config = folder.path() / "huge.toml";
  for (const std::string& text :
       {"\"" + huge + "\" = 1\n", "[task]\nname = \"" + huge + "\"\n", "[task]\n" + huge + " = 1\n",
        "[model]\ncell = \"" + huge + "\"\n", "[model]\ncell = \"" + huge + "/x.cell\"\n",
        "[task]\nname = \"words\"\ntext = \"" + huge + "\"\n", "[sweep]\n\"" + huge + "\" = [1]\n",
        huge + "\n", "[model]\ncell = \"\"\"\ncell a\nstate h\nh' = " + huge + "\n\"\"\"\n",
        "out = \"" + huge + "\"\n"}) {
    std::filesystem::remove(config);
    write_text(config, text);
    const auto outcome = call(folder.path(), {"run", config.string()});
    INFO(text.substr(0, 40) << ": " << outcome.err.substr(0, 3000));
    CHECK(outcome.status == 2);
    CHECK(outcome.err.size() < 8000);
  }
}

TEST_CASE("[say] a long line loses its middle between code points, and control characters") {
  CHECK(message_text("short\n\ttwo\n") == "short\n\ttwo\n");
  CHECK(message_text("a\x1b[2Jb\r") == "a?[2Jb?");
  CHECK(message_text("").empty());
  std::string long_line;
  for (int i = 0; i < 3000; ++i) long_line += "\u00e4";
  const std::string cut = message_text("first\n" + long_line + "\nlast");
  CHECK(cut.starts_with("first\n\u00e4"));
  CHECK(cut.ends_with("\u00e4\nlast"));
  CHECK(cut.size() < 2100);
  CHECK(contains(cut, " ... [4000 bytes] ... "));
  CHECK(message_text(std::string(2000, 'x')) == std::string(2000, 'x'));
}
