#!/bin/bash
# A changed, new, removed or moved source is built before the program starts; a failed build starts nothing.
source "${BASH_SOURCE[0]%/*}/support/sandbox.bash"

builds_of() {  # builds_of WHAT: a call after which exactly one build must have been made
  : >"$calls"
  "$root/scripts/unroll" </dev/null >"$sandbox/out" 2>"$sandbox/err"
  [[ $(grep -c '^cmake --build' "$calls") == "$1" ]] || fail "expected $1 builds $2"
}

builds_of 1 "at first"
builds_of 0 "without a change"
sleep 0.02
touch "$root/framework/tensor.cpp"
builds_of 1 "after a change"
touch "$root/models/lstm.cpp"
builds_of 1 "with a new file"
rm "$root/models/lstm.cpp"
builds_of 1 "after a file was removed"
touch "$root/CMakePresets.json"
builds_of 1 "after a change of the presets"
touch "$root/scripts/package-lock.json"
builds_of 1 "after a change of the lock file"
grep -q '^npm ci' "$calls" || fail "the lock file changed, and npm was not asked"
builds_of 0 "afterwards"

touch "$root/framework/tensor.cpp" "$sandbox/broken"
"$root/scripts/unroll" x </dev/null >"$sandbox/out" 2>"$sandbox/err"
[[ $? == 2 ]] || fail "a failed build must give exit status 2"
[[ -s $sandbox/out ]] && fail "the old program was started after a failed build"
grep -q 'the build failed' "$sandbox/err" || fail "a failed build is not named"
rm "$sandbox/broken"
builds_of 1 "after a failed build"

mv "$root" "$sandbox/moved"
root=$sandbox/moved
export SANDBOX_ROOT=$root
builds_of 1 "after the repository moved"
grep -q 'has moved' "$sandbox/err" || fail "the move is not named"
builds_of 0 "after the repository moved and was built"
