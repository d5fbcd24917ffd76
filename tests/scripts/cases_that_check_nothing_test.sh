#!/bin/bash
# A test case that checks nothing fails in CTest; one that says why it can check nothing here is shown as skipped.
set -u
work=$(mktemp -d "${TMPDIR:-/tmp}/unroll cases.XXXXXX")
trap 'rm -rf "$work"' EXIT
fail() {
  printf 'FAILED: %s\n' "$*"
  exit 1
}

# The properties that the project's own entries have, on cases of all kinds.
mkdir "$work/source"
cat >"$work/source/cases.cpp" <<'CASES'
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "tests/support/skipped.hpp"

TEST_CASE("checks") { CHECK(1 + 1 == 2); }
TEST_CASE("checks nothing") {}
TEST_CASE("says so") { return unroll::test::say_skipped("no data"); }
TEST_CASE("says so and checks") {
  unroll::test::say_skipped("a part of it");
  CHECK(true);
}
TEST_CASE("says so and fails") {
  unroll::test::say_skipped("a part of it");
  CHECK(false);
}
CASES
c++ -std=c++20 -I"$UNROLL_SOURCE_DIR" -o "$work/cases" "$work/source/cases.cpp" || fail "it does not compile"
property() { sed -n "s/^  set($1 \"\(.*\)\")$/\1/p" "$UNROLL_SOURCE_DIR/CMakeLists.txt"; }
fails=$(property nothing_checked) skips=$(property nothing_to_check)
[[ $fails && $skips ]] || fail "CMakeLists.txt sets no nothing_checked or nothing_to_check"
cmake -DTEST_EXECUTABLE="$work/cases" -DTEST_WORKING_DIR="$work" -DCTEST_FILE="$work/CTestTestfile.cmake" \
  -DTEST_PROPERTIES="FAIL_REGULAR_EXPRESSION;$fails;SKIP_REGULAR_EXPRESSION;$skips" \
  -P "$UNROLL_SOURCE_DIR/scripts/discover_tests.cmake" || fail "no entries"
ctest --test-dir "$work" --output-junit "$work/junit.xml" >"$work/log"

status_of() { sed -n "s/.*<testcase name=\"$1\".* status=\"\([a-z]*\)\".*/\1/p" "$work/junit.xml"; }
expect() {
  [[ $(status_of "$1") == "$2" ]] || fail "\"$1\" is $(status_of "$1"), not $2: $(<"$work/log")"
}
expect 'checks' run
expect 'checks nothing' fail
expect 'says so' notrun
expect 'says so and checks' run
expect 'says so and fails' fail
[[ $(grep -c 'message="SKIP_REGULAR_EXPRESSION_MATCHED"' "$work/junit.xml") == 1 ]] || fail "$(<"$work/junit.xml")"
printf 'ok\n'
