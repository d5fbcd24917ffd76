#!/bin/bash
# The clock of a machine jumps by hours, forwards and backwards, while two processes share a folder: no living one loses
# what it has claimed, and the results are those of an undisturbed run. Then also the clock jumps that nobody can set,
# as if the machine had been asleep: results are the same, and each trial counts once.
set -u
library=$(find /usr/lib -name libfaketimeMT.so.1 2>/dev/null | head -n 1)
[[ -n $library ]] || { echo 'faketime is not installed'; exit 77; }
program=$UNROLL_PROGRAM
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
fail() {
  printf 'FAILED: %s\n' "$1"
  tail -n 3 ./*.said
  exit 1
}

cat >tiny.toml <<'END'
jobs = 1
diagnose = []
[task]
name = "adding"
length = 50
[model]
hidden = 32
[train]
updates = 200
validate_every = 10
batch = 20
validation_sequences = 20
test_sequences = 20
early_stop = false
checkpoint_seconds = 0.05
[sweep]
seed = { count = 24 }
END
trials=24
"$program" sweep tiny.toml --out alone >alone.said 2>&1 || fail 'an undisturbed run'

# Written in one piece: half a line would be no time.
set_clock() { echo "$1" >clock.new && mv clock.new clock; }
records() { cat "$1"/journal-*.jsonl 2>/dev/null | grep -c '^{"id"'; }

# jumping FOLDER ASLEEP: two processes, whose clock jumps whenever one of them has finished a trial.
jumping() {
  local folder=$1 asleep=$2 number processes=() process jumps=(+5h -7h +26h -1h +0) seen=0 now
  set_clock +0
  for number in 1 2; do
    LD_PRELOAD=$library FAKETIME_TIMESTAMP_FILE=$work/clock FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=$((1 - asleep)) \
      timeout 100 "$program" sweep tiny.toml --out "$folder" --takeover-after 20 >"$folder.$number.said" 2>&1 &
    processes+=($!)
  done
  while kill -0 "${processes[@]}" 2>/dev/null; do
    now=$(records "$folder")
    ((now > seen)) && set_clock "${jumps[now % ${#jumps[@]}]}"
    seen=$now
    sleep 0.02
  done
  for process in "${processes[@]}"; do wait "$process" || fail "$folder: a process does not end well"; done
  ((seen > 5)) || fail "$folder: the clock jumped too late"
  cmp "$folder/results.csv" alone/results.csv && cmp "$folder/series.csv" alone/series.csv || fail "$folder: other results"
  "$program" status "$folder" >status.said 2>&1 || fail "$folder: status"
  grep -q "$trials trials: $trials done" status.said || fail "$folder: status counts otherwise"
  grep -qi 'disagree' status.said && fail "$folder: records disagree"
}

jumping set 0
(($(records set) == trials)) || fail "$(records set) records of $trials trials: a living process was taken for dead"
(($(ls set/journal-*.jsonl | wc -l) == 2)) || fail 'one process did nothing'
jumping asleep 1
echo 'a clock that jumps: checked'
