#!/bin/bash
# Missing packages are installed by root without a question; others are told the command.
source "${BASH_SOURCE[0]%/*}/support/sandbox.bash"
printf '%s\n' ninja-build libtbb-dev >"$sandbox/missing"

call() {  # call STATUS SCRIPT
  : >"$calls"
  "$root/scripts/$2" </dev/null >"$sandbox/out" 2>"$sandbox/err"
  local status=$?
  [[ $status == "$1" ]] || fail "exit status $status of $2, expected $1"
}

stub id <<<'echo 1000'
call 2 unroll
grep -qE '^ +sudo apt-get update && sudo apt-get install -y --no-install-recommends ninja-build libtbb-dev$' \
  "$sandbox/err" || fail "the command is not told"
grep -qE '^(apt-get|cmake|npm)' "$calls" && fail "a tool was called without root"
[[ -s $sandbox/out ]] && fail "stdout is the program's alone"

stub id <<<'echo 0'
stub apt-get <<'STUB'
[[ $DEBIAN_FRONTEND == noninteractive ]] || exit 1
read -r && exit 1  # stdin must be at its end
[[ $* == *" install "* ]] && : >"$SANDBOX/missing"
exit 0
STUB
call 7 unroll
grep -q '^apt-get .*update$' "$calls" || fail "the lists were not updated"
grep -q '^apt-get .*install -y --no-install-recommends ninja-build libtbb-dev$' "$calls" ||
  fail "not installed by name"
grep -q chromium "$calls" && fail "the browser is for the tests alone"

echo chromium >"$sandbox/missing"
stub ctest <<<'exit 0'
: >"$calls"
"$root/scripts/test" </dev/null >"$sandbox/out" 2>"$sandbox/err"
grep -q '^apt-get .*install .* chromium$' "$calls" || fail "scripts/test did not install the browser"

echo libtbb-dev >"$sandbox/missing"
rm "$root/build/.stamp"
stub apt-get <<<'exit 100'
call 2 unroll
grep -q 'could not install libtbb-dev' "$sandbox/err" || fail "what could not be installed is not named"
grep -q '^cmake' "$calls" && fail "it went on without the package"

: >"$sandbox/missing"
rm -r "$root/scripts/node_modules"
stub npm <<<'exit 1'
call 2 unroll
grep -q 'npm ci failed' "$sandbox/err" || fail "a failed npm ci is not named"
