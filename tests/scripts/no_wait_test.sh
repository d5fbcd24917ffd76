#!/bin/bash
# `sweep --no-wait` leaves what other processes train to them, and takes over from one that shows no sign of life.
set -u
unroll=$UNROLL_PROGRAM
work=$(mktemp -d "${TMPDIR:-/tmp}/unroll wait.XXXXXX")
other=''
finish() {
  [[ -z $other ]] || kill -9 "$other" 2>/dev/null
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM HUP
cd "$work" || exit 1

fail() {
  printf 'FAILED: %s\n' "$*"
  exit 1
}
# begin NAME UPDATES: another process trains the sweep's only trial.
begin() {
  printf '[train]\nupdates = %s\n' "$2" >"$1.toml"
  "$unroll" sweep "$1.toml" >"$1.log" 2>&1 &
  other=$!
  until compgen -G "out/$1/claim-*" >/dev/null; do kill -0 $other || fail "it ended: $(<"$1.log")"; sleep 0.05; done
}

begin long 100000000
"$unroll" sweep long.toml --no-wait --takeover-after 3 >output 2>&1 || fail "exit status $?: $(<output)"
grep -q 'leaving the other trials' output || fail "nothing is left to others: $(<output)"
kill -0 $other || fail 'the other one has ended'
kill $other
wait $other
[[ $? == 75 ]] || fail "the other one: $(<long.log)"

begin short 1000
kill -STOP $other
"$unroll" sweep short.toml --no-wait --takeover-after 3 >output 2>&1 || fail "exit status $?: $(<output)"
[[ -s out/short/results.csv ]] && (($(wc -l <out/short/results.csv) == 2)) || fail "not taken over: $(<output)"
kill -CONT $other
wait $other || fail "one that was paused: $(<short.log)"
echo 'what others train is left to them'
