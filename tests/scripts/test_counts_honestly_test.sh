#!/bin/bash
# scripts/test ends with the counts, passes arguments on, and is green only when tests ran and none failed.
source "${BASH_SOURCE[0]%/*}/support/sandbox.bash"
stub cmake <<'STUB'
[[ $1 == --build ]] || { mkdir -p "$SANDBOX_ROOT/build/$2" && touch "$SANDBOX_ROOT/build/$2/build.ninja"; exit; }
[[ -e $SANDBOX/broken ]] && exit 1
cat >"$2/CTestTestfile.cmake" <<'TESTS'
add_test("[scan] runs, and passes" true)
add_test("[scan] runs again" true)
add_test("[tape] fails" bash -c "echo '2 < 3 & more'; exit 1")
add_test("[tape] is not there" /nonexistent/program)
add_test("[data] has none" bash -c "exit 77")
set_tests_properties("[data] has none" PROPERTIES SKIP_RETURN_CODE 77)
add_test("[data] says that it has none" echo "skipped: no data")
set_tests_properties("[data] says that it has none" PROPERTIES SKIP_REGULAR_EXPRESSION "skipped: ")
TESTS
STUB

call() {  # call LAST_LINE ARGUMENT...
  local expected=$1
  shift
  "$root/scripts/test" "$@" </dev/null >"$sandbox/out" 2>"$sandbox/err"
  status=$?
  [[ $(tail -n 1 "$sandbox/out") == "$expected" ]] || fail "$* ended with: $(tail -n 1 "$sandbox/out")"
}

call "2 passed, 2 failed"
((status)) || fail "green although tests failed"
grep -qx '2 skipped' "$sandbox/out" || fail "what was skipped is not counted"
grep -q 'tests failed out of 6' "$sandbox/out" || fail "the summary of CTest is missing"
tail -n 5 "$sandbox/out" | grep -qxF '2 < 3 & more' || fail "what the failed test said does not stand at the end"
call "2 passed, 0 failed" -R '^\[scan\]'
grep -q '^== ' "$sandbox/out" && fail "outputs of tests that passed are shown"
((status)) && fail "red although all chosen tests passed"
call "0 passed, 0 failed" -R '^\[data\]'
grep -qx '2 skipped' "$sandbox/out" || fail "what was skipped is not counted by itself"
call "0 passed, 0 failed" -R 'no such test'
((status)) || fail "green although nothing ran"
call "2 passed, 0 failed" --preset asan -R '^\[scan\]'
[[ -e $root/build/asan/CTestTestfile.cmake ]] || fail "the preset's folder was not built"
touch "$sandbox/broken"
"$root/scripts/test" </dev/null >"$sandbox/out" 2>"$sandbox/err"
[[ $? == 2 && ! -s $sandbox/out ]] || fail "tests ran after a failed build"
"$root/scripts/test" --preset fast </dev/null 2>&1 | grep -q 'release, debug, asan, asan-engine, tsan' ||
  fail "the known presets are not listed"
