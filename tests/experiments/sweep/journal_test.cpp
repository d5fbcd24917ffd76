#include "experiments/sweep/journal.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <xxhash.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "experiments/config/config_error.hpp"
#include "tests/experiments/sweep/fake_sweep.hpp"

using namespace unroll;
using namespace unroll::test;

namespace {

TrialRecord record_of(const std::string& id, double loss = 0.5) {
  TrialRecord record;
  record.id = id;
  record.scalars = {{"best_loss", loss}};
  record.series = {
      {.name = "loss", .axis = "update", .x = {0, 1}, .y = {std::numeric_limits<double>::quiet_NaN(), loss}}};
  record.build = "test build";
  return record;
}

JournalReader read(const std::filesystem::path& folder) {
  JournalReader reader(folder);
  reader.refresh();
  return reader;
}

void write_journal(const std::filesystem::path& folder, const std::string& name, const std::string& text) {
  // Not write_file: thousands of files would wait for the disk.
  std::ofstream(folder / ("journal-" + name + ".jsonl"), std::ios::binary) << text;
}

}  // namespace

TEST_CASE("[journal] what is appended from several threads is read back") {
  const TemporaryFolder folder;
  Journal journal(folder.path());
  CHECK(journals_in(folder.path()).empty());
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&journal, t] {
        for (int i = 0; i < 25; ++i) journal.append(record_of(std::to_string(100 * t + i), t + 0.1 * i));
      });
    }
  }
  const JournalReader reader = read(folder.path());
  CHECK(reader.ignored().empty());
  REQUIRE(reader.records().size() == 100);
  CHECK(reader.records().at("307").scalar("best_loss") == 3 + 0.1 * 7);
  CHECK(journals_in(folder.path()).size() == 1);
}

TEST_CASE("[journal] a file cut at any byte gives every whole record and names the torn line") {
  const TemporaryFolder folder;
  const std::string first = journal_line(record_of("a")) + '\n';
  const std::string text = first + journal_line(record_of("b")) + '\n';
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    write_journal(folder.path(), "x", text.substr(0, cut));
    const JournalReader reader = read(folder.path());
    const bool has_a = cut >= first.size();
    CHECK(reader.records().count("a") == has_a);
    CHECK(reader.records().count("b") == (cut == text.size()));
    const bool torn = cut != 0 && cut != first.size() && cut != text.size();
    CHECK(reader.ignored().size() == torn);
  }
}

TEST_CASE("[journal] a changed byte anywhere in a line makes that line not count, and no other") {
  const TemporaryFolder folder;
  const std::string first = journal_line(record_of("a"));
  const std::string second = journal_line(record_of("b"));
  for (std::size_t at = 0; at < first.size(); ++at) {
    std::string changed = first;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    if (changed[at] == '\n') continue;
    write_journal(folder.path(), "x", changed + '\n' + second + '\n');
    const JournalReader reader = read(folder.path());
    CHECK(reader.records().size() == 1);
    CHECK(reader.records().contains("b"));
    REQUIRE(reader.ignored().size() == 1);
    CHECK(reader.ignored()[0].find("journal-x.jsonl:1") != std::string::npos);
  }
}

TEST_CASE("[journal] a torn line is read once its rest is there") {
  const TemporaryFolder folder;
  const std::string text = journal_line(record_of("a")) + '\n';
  write_journal(folder.path(), "x", text.substr(0, 20));
  JournalReader reader = read(folder.path());
  CHECK(reader.records().empty());
  write_journal(folder.path(), "x", text);
  reader.refresh();
  CHECK(reader.records().size() == 1);
  CHECK(reader.ignored().empty());
}

TEST_CASE("[journal] equal records of one trial count once, whatever their seconds, builds and hosts") {
  const TemporaryFolder folder;
  TrialRecord other = record_of("a");
  other.seconds = 12;
  other.build = "another";
  other.host = "far";
  other.attempts = 7;
  write_journal(folder.path(), "x", journal_line(record_of("a")) + '\n');
  write_journal(folder.path(), "y", journal_line(other) + '\n');
  CHECK(read(folder.path()).records().size() == 1);
  CHECK(read(folder.path()).conflicts().empty());
}

TEST_CASE("[journal] records of one trial that differ in one bit mark it, and the same one counts always") {
  std::optional<double> counts;
  for (const bool swapped : {false, true}) {
    const TemporaryFolder folder;
    write_journal(folder.path(), swapped ? "y" : "x", journal_line(record_of("a", 0.5)) + '\n');
    write_journal(folder.path(), swapped ? "x" : "y",
                  journal_line(record_of("a", std::nextafter(0.5, 1))) + '\n' +
                      journal_line(record_of("b", 0.25)) + '\n');
    const JournalReader reader = read(folder.path());
    CHECK(reader.records().size() == 2);
    REQUIRE(reader.conflicts().size() == 1);
    const std::string& sentence = reader.conflicts().at("a");
    for (const char* part : {"journal-x.jsonl", "journal-y.jsonl", "different builds", "move one of the two"})
      CHECK(sentence.find(part) != std::string::npos);
    const double value = reader.records().at("a").scalar("best_loss").value();
    CHECK(value == counts.value_or(value));
    counts = value;
  }
}

TEST_CASE("[journal] a line is one JSON object with its checksum") {
  const auto json = nlohmann::json::parse(journal_line(record_of("a")));
  CHECK(json.at("id") == "a");
  CHECK(json.at("xxh3_64").get<std::string>().size() == 16);
}

TEST_CASE("[journal] the record of a second run replaces a failed one, in either order of files") {
  TrialRecord failed = record_of("a");
  failed.status = TrialStatus::failed;
  failed.reason = "out of memory";
  for (const bool failed_first : {true, false}) {
    const TemporaryFolder folder;
    write_journal(folder.path(), failed_first ? "x" : "y", journal_line(failed) + '\n');
    write_journal(folder.path(), failed_first ? "y" : "x", journal_line(record_of("a")) + '\n');
    CHECK(read(folder.path()).records().at("a").status == TrialStatus::done);
  }
}

TEST_CASE(
    "[journal] a disk that takes no more gives an error with the file and errno, and keeps whole lines") {
  const TemporaryFolder folder;
  const std::size_t line = journal_line(record_of("0")).size() + 1;
  // In a child: a limit on the size of files is for good.
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{3 * line + line / 2, 3 * line + line / 2};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    Journal journal(folder.path());
    int kept = 0;
    try {
      for (; kept < 9; ++kept) journal.append(record_of(std::to_string(kept)));
    } catch (const FileError& error) {
      const std::string message = error.what();
      const bool clear = error.error() == EFBIG && message.find(journal.path().string()) != std::string::npos;
      ::_exit(clear ? kept : 100);
    }
    ::_exit(101);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 3);
  const JournalReader reader = read(folder.path());
  CHECK(reader.records().size() == 3);
  CHECK(reader.ignored().empty());
}

TEST_CASE("[journal] a whole line that lacks a member is refused with its file, its line and the member") {
  const TemporaryFolder folder;
  const std::string whole = journal_line(record_of("a"));
  const std::string json = R"({"id":"b","status":"done"})";
  const std::string lacking = fmt::format("{},\"xxh3_64\":\"{:016x}\"}}", json.substr(0, json.size() - 1),
                                          XXH3_64bits(json.data(), json.size()));
  write_journal(folder.path(), "0123456789abcdef", whole + "\n" + lacking + "\n");
  try {
    read(folder.path());
    FAIL("it was read");
  } catch (const ConfigError& error) {
    const std::string message = error.what();
    for (const char* part :
         {"journal-0123456789abcdef.jsonl:2: ", "no member 'reason'", "choose another --out"})
      CHECK_MESSAGE(message.find(part) != std::string::npos, message);
  }
}
