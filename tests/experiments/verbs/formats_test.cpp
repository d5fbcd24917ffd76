#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "experiments/verbs/verb.hpp"
#include "tests/experiments/saved/some_model.hpp"
#include "tests/experiments/verbs/small_sweep.hpp"
#include "tests/experiments/verbs/trained.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/sounds.hpp"

// Every verb that prints a table prints it for people, as JSON and as CSV. A verb is in one of the two lists
// below, and one that is new in the program fails here until it is.

using namespace unroll;
using namespace unroll::test;

namespace {

using nlohmann::json;
using Line = std::vector<std::string>;

/// Verbs whose output is no table, with what it is.
const std::vector<std::pair<std::string, std::string>> verbs_without_table = {
    {"retry", "a sentence"}, {"export", "the path of a file"},   {"states", "a file"}, {"generate", "a text"},
    {"import", "a path"},    {"completion", "words or scripts"}, {"man", "a page"}};

/// Where the tables come from: small trained models of each kind, and a sweep.
struct Workplace {
  TemporaryFolder folder;

  std::string at(const std::string& name) const { return (folder.path() / name).string(); }

  Workplace() {
    train(adding_run(at("one")));
    train({"sweep", small_sweep(folder.path()), "--out", at("swept")});
    write_text(at("numbers.csv"), "a,b\n1,0\n0.5,1\n");
    SomeModel(small_model(any_task("words", "punctuation", 100))).save(at("language"));
    write_text(at("text"), "one two three\n");
    write_series();
    train({"run", "task.name=series", "task.data=" + at("series.csv"), "task.time=month", "task.context=4",
           "task.horizon=2", "model.hidden=3", "train.updates=4", "diagnose=[]", "--out", at("series")});
    write_text(at("tones.tar"), *small_recordings().content);
    train({"run", "task.name=speech", "task.recordings=" + at("tones.tar"), R"(task.label_pattern=(\d)_.*)",
           "task.mels=4", "model.hidden=3", "train.updates=2", "diagnose=[]", "--out", at("speech")});
    write_text(at("low.wav"), wav(tone(400, 0.1, 91)));
  }

  void train(const Line& words) const {
    const CommandOutcome outcome = call(folder.path(), words);
    REQUIRE_MESSAGE(outcome.status == 0, outcome.err);
  }

  void write_series() const {
    std::string rows = "month,visitors\n";
    for (int i = 0; i < 60; ++i)
      rows += fmt::format("{}-{:02}-01,{}\n", 2000 + i / 12, i % 12 + 1, 100 + i + i % 12);
    write_text(at("series.csv"), rows);
  }

  /// A line for each table; FRESH stands for a folder that is not there yet.
  std::vector<Line> commands() const {
    Line run = adding_run("FRESH");
    Line planned = adding_run("FRESH", {"--dry-run"});
    const std::string config = at("small.toml");
    return {run,
            planned,
            {"sweep", config, "--out", "FRESH"},
            {"sweep", config, "--dry-run"},
            {"study"},
            {"study", "adding", "--budget", "smoke", "--dry-run"},
            {"plan", config},
            {"status", at("swept")},
            {"report", at("swept")},
            {"plot", at("swept")},
            {"compare", at("swept"), "--by", "task.length", "5", "6"},
            {"evaluate", at("one")},
            {"predict", at("one"), "--data", at("numbers.csv")},
            {"predict", at("language"), "--text", "one ___"},
            {"score", at("language"), at("text")},
            {"score", at("language"), at("text"), "--per-token"},
            {"transcribe", at("speech"), at("low.wav")},
            {"forecast", at("series"), at("series.csv")},
            {"backtest", at("series")},
            {"tasks"},
            {"cells"},
            {"cells", "show", "mgu"},
            {"cells", "check", "mgu"},
            {"cells", "functions"},
            {"cells", "language"},
            {"cells", "bench", "mgu", "--hidden", "4", "--steps", "2", "--rows", "1"},
            {"instruments"},
            {"bench", "--quick", "--only", "small/vanilla/512x1x1x8", "--without-pytorch"},
            {"doctor"}};
  }

  std::string printed(Line words, const std::string& format) const {
    for (std::string& word : words)
      if (word == "FRESH") word = at("fresh-" + random_hex());
    words.insert(words.end(), {"--format", format});
    const CommandOutcome outcome = call(folder.path(), words);
    CHECK_MESSAGE(outcome.status <= 1, outcome.err);
    return outcome.out;
  }
};

/// RFC 4180: fields of each line; a field in quotes holds any characters.
std::vector<Line> csv_rows(const std::string& text) {
  std::vector<Line> rows;
  bool quoted = false, fresh = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (fresh) rows.emplace_back(1);
    fresh = false;
    const char c = text[i];
    if (c == '"' && quoted && i + 1 < text.size() && text[i + 1] == '"')
      rows.back().back() += text[++i];
    else if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      rows.back().emplace_back();
    else if (c == '\n' && !quoted)
      fresh = true;
    else
      rows.back().back() += c;
  }
  CHECK_FALSE(quoted);
  CHECK(fresh);  // the last line ends as the others
  return rows;
}

void check_csv(const std::vector<Line>& rows) {
  REQUIRE(rows.size() >= 2);
  const Line& head = rows.front();
  CHECK(std::set<std::string>(head.begin(), head.end()).size() == head.size());
  CHECK(std::ranges::find(head, "") == head.end());
  for (const Line& row : rows) CHECK(row.size() == head.size());
}

bool is_flat(const json& row) {
  return row.is_object() &&
         std::ranges::none_of(row, [](const json& member) { return member.is_structured(); });
}

/// Rows of JSON that are as flat as those of CSV have the same names, in order, and as many rows.
void check_same(const nlohmann::ordered_json& rows, const std::vector<Line>& csv) {
  CHECK(rows.size() == csv.size() - 1);
  for (std::size_t i = 0; i < std::min(rows.size(), csv.size() - 1); ++i) {
    Line names;
    for (const auto& [name, value] : rows[i].items()) names.push_back(name);
    CHECK(names == csv.front());
  }
}

}  // namespace

TEST_CASE("[formats] a table of any verb is there for people, as JSON and as CSV, with the same rows") {
  const Workplace workplace;
  std::set<std::string> verbs;
  for (const auto& [verb, what] : verbs_without_table) verbs.insert(verb);
  for (const Line& words : workplace.commands()) {
    verbs.insert(words.front());
    const std::string line = fmt::format("{}", fmt::join(words, " "));
    CAPTURE(line);
    const std::string table = workplace.printed(words, "table");
    CHECK_FALSE(table.empty());
    const std::string text = workplace.printed(words, "json");
    const json parsed = json::parse(text, nullptr, false);
    CAPTURE(text);
    REQUIRE(parsed.is_structured());
    CHECK_FALSE(parsed.empty());
    const std::string csv = workplace.printed(words, "csv");
    CAPTURE(csv);
    const std::vector<Line> rows = csv_rows(csv);
    check_csv(rows);
    CHECK(table != csv);
    if (parsed.is_array() && std::ranges::all_of(parsed, is_flat))
      check_same(nlohmann::ordered_json::parse(text), rows);
  }
  for (const Verb& verb : verb_table()) CHECK_MESSAGE(verbs.contains(std::string(verb.name)), verb.name);
}

TEST_CASE("[formats] every verb of the program prints a table in three formats, or none") {
  std::set<std::string> listed;
  for (const auto& [verb, what] : verbs_without_table) listed.insert(verb);
  const TemporaryFolder folder;
  for (const Verb& verb : verb_table()) {
    CAPTURE(verb.name);
    const bool has_table = !listed.contains(std::string(verb.name));
    const Flags flags = flags_of(verb);
    const auto* flag = flags.find_nothrow("format", false);
    if (!has_table) {
      CHECK((flag == nullptr || !contains(flag->description(), "csv")));
      continue;
    }
    REQUIRE(flag != nullptr);
    CHECK(contains(flag->description(), "table, json or csv"));
    const CommandOutcome refused = call(folder.path(), {std::string(verb.name), "--format", "jsn"});
    CHECK(refused.status == 2);
  }
}

TEST_CASE("[formats] a format that is none is refused before anything is trained or written") {
  const TemporaryFolder folder;
  for (const std::string verb : {"run", "sweep"}) {
    const CommandOutcome outcome =
        call(folder.path(), {verb, small_sweep(folder.path()), "--out", "never", "--format", "jsn"});
    CHECK(outcome.status == 2);
    CHECK(contains(outcome.err,
                   "unknown format \"jsn\"; did you mean \"json\"?; the formats are table, json and csv"));
    CHECK_FALSE(std::filesystem::exists("never"));
  }
  const CommandOutcome passes = call(folder.path(), {"cells", "passes", "mgu", "--format", "json"});
  CHECK(passes.status == 2);
  CHECK(contains(passes.err, "`unroll cells passes` prints no table: leave --format json out"));
}
