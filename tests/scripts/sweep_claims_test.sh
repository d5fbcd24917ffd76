#!/bin/bash
# The protocol of claims, as a model, under the model checker spin: no trial is trained twice unless a living
# process was taken for dead, and all of them come to an end. Two mistakes show that the check can fail.
set -u
command -v spin >/dev/null || { echo 'spin is not installed'; exit 77; }
model=$(readlink -f "${BASH_SOURCE[0]%/*}/../sweep_claims.pml")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

# check FLAG...: the number of errors that the checker finds.
check() {
  spin "$@" -a "$model" >generated 2>&1 || { cat generated; exit 1; }
  cc -O2 -w -DSAFETY -DCOLLAPSE -DNOREDUCE -o pan pan.c || exit 1
  ./pan -m200000 >result 2>&1
  grep -q 'max search depth too small\|out of memory' result && { cat result; exit 1; }
  sed -n 's/.*errors: \([0-9]*\).*/\1/p' result
}
fail() {
  printf 'FAILED: %s\n' "$1"
  cat result
  exit 1
}
[[ $(check -DPROCESSES=3) == 0 ]] || fail 'the protocol trains a trial twice, or stands still'
grep -q 'states, stored' result || fail 'nothing was checked'
grep 'states, stored' result
[[ $(check -DPROCESSES=2 -DBROKEN) != 0 ]] || fail 'claims without an exclusive create are not noticed'
[[ $(check -DPROCESSES=2 -DEARLY) != 0 ]] || fail 'claims that go before the record are not noticed'
echo 'the protocol of claims: checked'
