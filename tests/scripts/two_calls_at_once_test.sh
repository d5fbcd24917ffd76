#!/bin/bash
# Of calls made at the same time one builds, the others wait, and every one starts the program.
source "${BASH_SOURCE[0]%/*}/support/sandbox.bash"

for i in 1 2 3 4; do
  "$root/scripts/unroll" "$i" </dev/null >"$sandbox/out$i" 2>"$sandbox/err$i" &
done
wait
for i in 1 2 3 4; do
  [[ $(<"$sandbox/out$i") == "<$i>" ]] || fail "call $i wrote: $(<"$sandbox/out$i")"
done
[[ $(<"$sandbox/builds") == $'begin\nend' ]] || fail "builds, one line each: $(<"$sandbox/builds")"

# A program that runs holds no lock: a rebuild beside it does not wait for its end.
mkfifo "$sandbox/fifo"
"$root/scripts/unroll" <"$sandbox/fifo" >/dev/null 2>&1 &
exec 8>"$sandbox/fifo"
touch "$root/framework/tensor.cpp"
timeout 20 "$root/scripts/unroll" </dev/null >/dev/null 2>"$sandbox/err"
[[ $? == 7 ]] || fail "a running program keeps others from being built"
exec 8>&-
wait
