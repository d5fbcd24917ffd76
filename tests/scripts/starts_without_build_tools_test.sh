#!/bin/bash
# The first call builds; the second asks no tool, and both hand everything through untouched.
source "${BASH_SOURCE[0]%/*}/support/sandbox.bash"
export LANG=C LC_ALL=C

check_start() {  # check_start COMMAND: what the program sees and what its caller sees
  local out status
  out=$(cd / && printf 'line 1\nline 2' | "$1" sweep 'two words' '' '*' $'a\nb' --help 2>"$sandbox/err")
  status=$?
  [[ $status == 7 ]] || fail "exit status $status, the program's is 7"
  [[ $out == $'<sweep><two words><><*><a\nb><--help>line 1\nline 2' ]] || fail "the program wrote: $out"
}

check_start "$root/scripts/unroll"
grep -q 'talk of the build tool' "$sandbox/err" || fail "what the build says belongs on stderr"
grep -q '^cmake --build' "$calls" || fail "the first call did not build"

for tool in cmake ninja apt-get dpkg-query npm flock; do
  stub "$tool" <<<'exit 99'
done
: >"$calls"
check_start "$root/scripts/unroll"
[[ -s $calls ]] && fail "a tool was called although nothing was to do"
[[ -s $sandbox/err ]] && fail "something was written although nothing was to do"

ln -s "$root/scripts/unroll" "$sandbox/a link"
check_start "$sandbox/a link"
(cd "$root/scripts" && ./unroll </dev/null >/dev/null 2>&1)
[[ $? == 7 && ! -s $calls ]] || fail "it does not start through a relative path"
