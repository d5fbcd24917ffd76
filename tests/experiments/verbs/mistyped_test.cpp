#include <doctest/doctest.h>
#include <fmt/format.h>

#include <sstream>

#include "tests/experiments/verbs/command.hpp"
#include "tests/experiments/verbs/small_sweep.hpp"

// What a person may type first, and what the program says to it: tests/data/mistyped.txt has the commands,
// the exit status where it is not 2, and the answers line by line; a line that ends with ... may go on.

using namespace unroll;
using namespace unroll::test;

namespace {

struct Typed {
  std::vector<std::string> words;
  int status = 2;
  std::vector<std::string> answer = {};
};

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, at);) parts.push_back(part);
  return parts;
}

std::vector<Typed> typed_commands() {
  const std::string prompt = "$ unroll", status = "status ";
  std::vector<Typed> all;
  for (const std::string& line :
       split(read_file(std::filesystem::path(UNROLL_SOURCE_DIR) / "tests/data/mistyped.txt"), '\n')) {
    if (line.starts_with(prompt))
      all.push_back({.words = line.size() > prompt.size() ? split(line.substr(prompt.size() + 1), ' ')
                                                          : std::vector<std::string>{}});
    else if (line.starts_with(status))
      all.back().status = std::stoi(line.substr(status.size()));
    else if (!line.empty())
      all.back().answer.push_back(line);
  }
  return all;
}

bool is_as_expected(const std::string& line, const std::string& expected) {
  if (!expected.ends_with("...")) return line == expected;
  return line.starts_with(expected.substr(0, expected.size() - 3));
}

}  // namespace

TEST_CASE("[program] what is typed wrong gets an answer that helps, each of seventy commands") {
  const TemporaryFolder folder;
  const std::vector<Typed> all = typed_commands();
  CHECK(all.size() >= 70);
  for (const Typed& typed : all) {
    std::string command = "unroll";
    for (const std::string& word : typed.words) command += " " + word;
    CAPTURE(command);
    const CommandOutcome outcome = call(folder.path(), typed.words);
    CAPTURE(outcome.out + outcome.err);
    CHECK(outcome.status == typed.status);
    const std::vector<std::string> lines = split(outcome.err + outcome.out, '\n');
    REQUIRE(lines.size() >= typed.answer.size());
    for (std::size_t i = 0; i < typed.answer.size(); ++i) {
      CAPTURE(typed.answer[i]);
      CHECK(is_as_expected(lines[i], typed.answer[i]));
    }
  }
}

TEST_CASE("[program] files that are nearly right are told apart from those that are") {
  const TemporaryFolder folder;
  const auto at = [&](const std::string& name) { return (folder.path() / name).string(); };
  const std::string config = small_sweep(folder.path());  // small.toml
  write_text(at("my.cell"), "cell my\nstate h\nh' = tanh(W x + U h)\n");
  REQUIRE(call(folder.path(), {"sweep", config, "--out", at("out/one")}).status == 0);
  const std::vector<std::pair<std::vector<std::string>, std::string>> answers = {
      {{"sweep", at("smal.toml")}, fmt::format("did you mean `unroll sweep {}`?", config)},
      {{"run", at("small")}, fmt::format("did you mean `unroll run {}`?", config)},
      {{"run", at("my.cell")},
       fmt::format("{0}: expected a config file, found a cell; did you mean `unroll run model.cell={0}`?",
                   at("my.cell"))},
      {{"report", at("out")}, "; sweeps in it: " + at("out/one")},
      {{"report", at("out/one/report.html")}, fmt::format("; did you mean {}?", at("out/one"))},
      {{"status", at("out/one/plan.jsonl")}, fmt::format("; did you mean {}?", at("out/one"))},
      {{"plot", at("out/one"), "--figure", "sucess"}, "there is no \"sucess\"; did you mean \"success\"?"},
      {{"plot", at("out/one"), "--figure", "learning", "--out", at("curves.jpg")},
       "unknown format \"jpg\"; a figure's formats are svg, pdf, png, csv"}};
  for (const auto& [words, answer] : answers) {
    CAPTURE(words);
    const CommandOutcome outcome = call(folder.path(), words);
    CHECK(outcome.status == 2);
    CHECK_MESSAGE(outcome.err.find(answer) != std::string::npos, outcome.err);
  }
}
