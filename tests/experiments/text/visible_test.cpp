#include "experiments/text/visible.hpp"

#include <doctest/doctest.h>

using namespace unroll;

TEST_CASE("[visible] a terminal gets no character that would steer it") {
  CHECK(fit_for_terminal("a\x1b[2Jb\r\a") == "a?[2Jb??");
  CHECK(fit_for_terminal("two\n\tlines\n") == "two\n\tlines\n");
  CHECK(fit_for_terminal("\xC2\x9B"
                         "2J") == "?2J");  // CSI as one code point
  CHECK(fit_for_terminal("\x9B"
                         "2J") == "?2J");                      // and as one byte
  CHECK(fit_for_terminal("exe\xE2\x80\xAEtxt") == "exe?txt");  // right-to-left override
  CHECK(fit_for_terminal("\xE2\x81\xA6x\xE2\x81\xA9") == "?x?");
  CHECK(fit_for_terminal("caf\xE9") == "caf?");  // Latin-1
  CHECK(fit_for_terminal("Привет, ∂L/∂h – ‘ü’") == "Привет, ∂L/∂h – ‘ü’");
  CHECK(fit_for_terminal("").empty());
}

TEST_CASE("[visible] in a table a control character is its picture, on one line") {
  CHECK(fit_for_cell("a\nb\tc\x1b[") == "a␊b␉c␛[");
  CHECK(fit_for_cell(std::string("\0\x7F", 2)) == "␀␡");
  CHECK(fit_for_cell("\xC2\x85") == "?");
  CHECK(fit_for_cell("日本語") == "日本語");
}
