#!/bin/bash
# A project of the user's own: the library is installed into a folder of its own, and tests/consumer is built with
# it and run.
set -u
place=$(mktemp -d "${TMPDIR:-/tmp}/unroll consumer.XXXXXX")
trap 'rm -rf "$place"' EXIT

fail() {
  printf 'FAILED: %s\n' "$*"
  exit 1
}
quietly() { "$@" >"$place/log" 2>&1 || fail "$*: $(<"$place/log")"; }

quietly cmake --install "$UNROLL_BINARY_DIR" --prefix "$place/first"
mv "$place/first" "$place/prefix"  # an installed tree may be moved
package=$(find "$place/prefix" -name unrollConfig.cmake -printf '%h')

# ---- What is installed ----
"$place/prefix/bin/unroll" tasks >"$place/tasks" || fail "the installed program does not start"
grep -q adding "$place/tasks" || fail "the installed program knows no task: $(<"$place/tasks")"
[[ -n $(find "$place/prefix" -path '*kernels/*' -o -path '*experiments/bench*') ]] &&
  fail "insides are installed: $(find "$place/prefix" -path '*kernels/*' -o -path '*experiments/bench*')"
for file in share/bash-completion/completions/unroll share/zsh/site-functions/_unroll \
  share/fish/vendor_completions.d/unroll.fish share/man/man1/unroll.1 share/unroll/configs/long_range.toml \
  share/unroll/cells/lstm.cell share/doc/unroll/LICENSE; do
  [[ -s $place/prefix/$file ]] || fail "$file is not installed"
done
for made_here in "$UNROLL_SOURCE_DIR" "$UNROLL_BINARY_DIR" "$place" /usr/; do
  grep -rFl "$made_here" "$package" && fail "the package names a place of the machine that built it: $made_here"
done

# ---- The consumer, from sources that cannot see the tree they came from ----
cp -r "$UNROLL_SOURCE_DIR/tests/consumer" "$place/consumer"
quietly cmake -S "$place/consumer" -B "$place/build" -DCMAKE_PREFIX_PATH="$place/prefix"
quietly cmake --build "$place/build"
grep -rFl "$UNROLL_SOURCE_DIR" "$place/build" && fail "it was built with something from the source tree"
"$place/build/train" >"$place/out" || fail "it does not learn: $(<"$place/out")"
cat "$place/out"
grep -q '^gradients agree' "$place/out" || fail "the gradients were not checked"

# ---- A laboratory of one's own: a task with variable lengths and a masked loss, swept and reported ----
laboratory() { (cd "$place/consumer" && "$place/build/laboratory" "$@" 2>"$place/errors"); }
laboratory tasks | grep -q '^echo, bits' || fail "the task is not listed: $(laboratory tasks)"
laboratory sweep --help | grep -q 'task.delay' || fail "its setting is not in the help"
laboratory cells check additive | grep -q 'checks agree' || fail "the cell is not checked: $(<"$place/errors")"
laboratory sweep echo.toml --out "$place/echo" >"$place/table" || fail "it cannot be swept: $(<"$place/errors")"
cat "$place/table"
[[ $(grep -c ',done,true,' "$place/echo/results.csv") == 8 ]] || fail "not all of it is learned: $(<"$place/echo/results.csv")"
[[ -s $place/echo/report.html ]] || fail "no report"
grep -q 'additive.*2/2' "$place/table" || fail "the cell is not in the table"
laboratory run echo.toml model.cell=additive task.delay=1 seed=1 task.text=x --out "$place/other" && fail "another task's setting is taken"
grep -q 'task.text: the task echo has no such setting' "$place/errors" || fail "not said whose it is: $(<"$place/errors")"
laboratory run task.name=echo task.length=5000 --out "$place/long" train.updates=1 >/dev/null || fail "no long sequences: $(<"$place/errors")"

sed -i 's/learning_rate = 0.01/learning_rate = 0/' "$place/consumer/train.cpp"
quietly cmake --build "$place/build"
"$place/build/train" >"$place/out"
[[ $? == 1 ]] || fail "without learning it succeeds as well: $(<"$place/out")"

# ---- What find_package says ----
check_version() {  # check_version VERSION STATUS
  printf 'cmake_minimum_required(VERSION 3.25)\nproject(p LANGUAGES CXX)\nfind_package(unroll %s CONFIG REQUIRED)\n' "$1" \
    >"$place/version/CMakeLists.txt"
  cmake -S "$place/version" -B "$place/version/build" -DCMAKE_PREFIX_PATH="$place/prefix" "${@:3}" >"$place/log" 2>&1
  [[ $? == "$2" ]] || fail "find_package(unroll $1 ...) ${*:3} gives not $2: $(<"$place/log")"
}
mkdir "$place/version"
check_version 9.9 1
grep -q 'not accepted' "$place/log" || fail "not refused for its version: $(<"$place/log")"
check_version "" 1 -DCMAKE_DISABLE_FIND_PACKAGE_TBB=ON
grep -q 'not found here: TBB\.' "$place/log" || fail "what is missing is not named: $(<"$place/log")"

# ---- The source tree as a part of another project: the library alone, without what only the program needs ----
cat >"$place/version/CMakeLists.txt" <<'PROJECT'
cmake_minimum_required(VERSION 3.25)
project(p LANGUAGES CXX)
add_subdirectory($ENV{UNROLL_SOURCE_DIR} unroll)
add_executable(p $ENV{UNROLL_SOURCE_DIR}/tests/consumer/train.cpp)
target_link_libraries(p PRIVATE unroll::unroll)
if(TARGET unroll_laboratory OR TARGET unroll_tests)
  message(FATAL_ERROR "more than the library")
endif()
PROJECT
quietly cmake -S "$place/version" -B "$place/version/part"
