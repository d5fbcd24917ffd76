#include <doctest/doctest.h>

#include <sstream>

#include "tests/experiments/verbs/command.hpp"

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

TEST_CASE("[program] forty things typed wrong each get an answer that helps") {
  const TemporaryFolder folder;
  const std::vector<Typed> all = typed_commands();
  CHECK(all.size() >= 40);
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
