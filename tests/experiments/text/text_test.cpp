#include "experiments/text/text.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

using namespace unroll;

namespace {

std::string refusal_of(std::string bytes) {
  return error_of<TextError>([&] { checked_text(std::move(bytes), "poem.txt"); });
}

}  // namespace

TEST_CASE("[text] a text comes through as it is, without byte-order mark and with LF for CR LF") {
  CHECK(checked_text("one\ntwo\n", "t") == "one\ntwo\n");
  CHECK(checked_text("\xEF\xBB\xBFone\r\ntwo\r\n", "t") == "one\ntwo\n");
  CHECK(checked_text("a\rb\r\r\nc\r", "t") == "a\rb\r\nc\r");  // a CR without LF is no line end
  CHECK(checked_text("one\xEF\xBB\xBFtwo", "t") == "one\xEF\xBB\xBFtwo");
  CHECK(checked_text("caf\xC3\xA9 \xE4\xB8\xAD \xF0\x9F\x98\x80", "t") == "café 中 😀");
}

TEST_CASE("[text] an empty text is refused by name, also one of a byte-order mark only") {
  CHECK(contains(refusal_of(""), "poem.txt: is empty"));
  CHECK(contains(refusal_of("\xEF\xBB\xBF"), "poem.txt: is empty"));
  CHECK(refusal_of(" ") == "(no error)");
}

TEST_CASE("[text] the first byte that is no UTF-8 is named with offset, line and likely cause") {
  const std::string latin = refusal_of("good\nna\xEFve caf\xE9\n");
  CHECK(contains(latin, "poem.txt: byte 0xEF at offset 7 (line 2) is not UTF-8"));
  CHECK(contains(latin, "Latin-1"));
  CHECK(contains(refusal_of("\xEF\xBB\xBFon\xE9 two"), "at offset 5 (line 1)"));  // counted in the file
  CHECK(contains(refusal_of("line\r\nline\r\n\xFF"), "at offset 12 (line 3)"));
  CHECK(
      contains(refusal_of("cut: \xE4\xB8"), "offset 5 (line 1) is not UTF-8; it ends inside of a character"));
  CHECK(contains(refusal_of(std::string("\xFF\xFEh\0i\0", 6)), "UTF-16"));
  CHECK(contains(refusal_of(std::string("h\0i\0 \0y\0o\0u\0", 12)), "UTF-16"));
  CHECK(contains(refusal_of("\x89PNG\r\n\x1A\n\x01\x02\x03"), "binary"));
}

TEST_CASE(
    "[text] what only looks like UTF-8 is refused: overlong forms, surrogates, beyond Unicode, stray bytes") {
  for (const char* bytes :
       {"ab\xC0\xAF", "ab\xE0\x80\xAF", "ab\xED\xA0\x80", "ab\xF4\x90\x80\x80", "ab\x80", "ab\xFE"})
    CHECK(contains(refusal_of(bytes), "at offset 2 "));
}

TEST_CASE("[text] a NUL byte is refused: no text has one") {
  CHECK(contains(refusal_of(std::string("one\ntwo\0three", 13) + std::string(100, 'x')),
                 "byte 0x00 at offset 7 (line 2) is no text; a text has no NUL"));
}

TEST_CASE("[text] read_text names the file that is missing or a folder, and reads one that is there") {
  const auto folder = std::filesystem::temp_directory_path() / "unroll text test";
  std::filesystem::create_directories(folder);
  const auto file = folder / "some words.txt";
  std::ofstream(file, std::ios::binary) << "\xEF\xBB\xBFsome\r\nwords";
  CHECK(read_text(file) == "some\nwords");
  CHECK_THROWS_WITH_AS(read_text(folder / "none.txt"),
                       doctest::Contains("none.txt: cannot be opened: No such file"), TextError);
  CHECK_THROWS_WITH_AS(read_text(folder), doctest::Contains("is a folder"), TextError);
  std::filesystem::remove_all(folder);
}

TEST_CASE("[text] - is standard input") {
  std::istringstream typed("typed\n"), nothing, latin("\xE9");
  std::streambuf* before = std::cin.rdbuf(typed.rdbuf());
  CHECK(read_text("-") == "typed\n");
  std::cin.clear();
  std::cin.rdbuf(nothing.rdbuf());
  CHECK_THROWS_WITH_AS(read_text("-"), doctest::Contains("standard input: is empty"), TextError);
  std::cin.clear();
  std::cin.rdbuf(latin.rdbuf());
  CHECK_THROWS_WITH_AS(read_text("-"), doctest::Contains("standard input: byte 0xE9 at offset 0"), TextError);
  std::cin.clear();
  std::cin.rdbuf(before);
}
