#!/bin/bash
# What goes wrong around a sweep: a full disk, a folder that cannot be written, damaged journals and checkpoints, two
# configs for one folder, a folder moved or deleted meanwhile, 20 file descriptors, closed outputs. Each gives a
# message that says what happened and what was kept, and the same command then ends with the bytes of an undisturbed
# run. Parts that need root say so when there is none.
set -u
exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-  # what whoever started this left open counts among few descriptors
program=$UNROLL_PROGRAM
work=$(mktemp -d)
mounted=()
clean_up() {
  local place
  for place in "${mounted[@]}"; do umount -l "$place"; done
  rm -rf "$work"
}
trap clean_up EXIT
cd "$work" || exit 1

# fail WHAT: with what was said last.
fail() {
  printf 'FAILED: %s\n' "$1"
  tail -n 8 said
  exit 1
}
# run STATUS COMMAND...: what it says on stderr goes to the file "said".
run() {
  local expected=$1 status
  shift
  "$program" "$@" >shown 2>said
  status=$?
  ((status == expected)) || fail "$* ends with $status, not $expected"
}
says() {
  grep -qE -- "$1" said || fail "$2: nothing says '$1'"
}
same_results() {
  local file
  for file in results.csv series.csv; do
    cmp "$1/$file" "whole/$file" || fail "$1: $file is not that of an undisturbed run"
  done
}
# Every trial once, in whichever journals.
recorded_once() {
  local ids
  ids=$(cat "$1"/journal-*.jsonl | grep -ao '^{"id":"[0-9a-f]*"' | sort | uniq -c | awk '$1 > 1')
  [[ -z $ids ]] || fail "$1: trials are recorded twice: $ids"
}

cat >tiny.toml <<'END'
diagnose = []
[task]
name = "adding"
length = 3
[model]
hidden = 2
[train]
updates = 40
validate_every = 2
batch = 2
validation_sequences = 4
test_sequences = 4
early_stop = false
[sweep]
seed = { count = 60 }
"model.activation" = ["tanh", "relu"]
END
trials=120
run 0 sweep tiny.toml --out whole

# ---- a full disk -------------------------------------------------------------------------------------------
if [[ $(id -u) == 0 ]] && mkdir disk && mount -t tmpfs -o size=64k none disk 2>/dev/null; then
  mounted+=("$work/disk")
  # There is no room for the plan, then for a few trials, for most of them, and for all but not for the tables.
  run 2 sweep tiny.toml --out disk/full
  says 'plan.jsonl: No space left on device' 'no room for the plan'
  before=0
  for size in 400k 700k; do
    mount -o "remount,size=$size" disk
    run 1 sweep tiny.toml --out disk/full
    says 'No space left on device' "a disk of $size"
    says '[0-9]+ finished trials are kept in disk/full, [0-9]+ are missing; the same command continues' "a disk of $size"
    kept=$(sed -n 's/^\([0-9]*\) finished trials are kept.*/\1/p' said)
    ((kept > before && kept < trials)) || fail "a disk of $size: $kept trials are kept, after $before"
    run 0 status disk/full
    grep -q "$kept done" said || fail "a disk of $size: status does not know the $kept kept trials"
    before=$kept
  done
  mount -o remount,size=$(($(stat -c %s whole/journal-*.jsonl) / 1024 + $(stat -c %s whole/plan.jsonl) / 1024 + 100))k disk
  run 1 sweep tiny.toml --out disk/full
  says "$trials finished trials are kept in disk/full; .unroll report disk/full. writes the tables" 'no room for the tables'
  mount -o remount,size=100m disk
  run 0 report disk/full
  same_results disk/full
  run 0 sweep tiny.toml --out disk/full
  same_results disk/full
  recorded_once disk/full
else
  echo 'skipped: a full disk needs root'
fi

# ---- a folder that cannot be written -----------------------------------------------------------------------
cp -r whole half
head -n 50 whole/journal-*.jsonl >half/journal-0123456789abcdef.jsonl
find half -name 'journal-*' ! -name '*0123456789abcdef*' -delete
if [[ $(id -u) != 0 ]]; then
  chmod a-w half
elif mkdir only && mount --bind half only 2>/dev/null && mount -o remount,ro,bind only; then
  mounted+=("$work/only")
else
  rm -rf only
  echo 'skipped: a read-only folder needs mounts, or another user than root'
fi
if [[ $(id -u) != 0 || -d only ]]; then
  place=half
  [[ -d only ]] && place=only
  run 2 sweep tiny.toml --out $place
  says "cannot write into the output folder $place: (Read-only file system|Permission denied)" 'a read-only folder'
  run 0 status $place
  grep -q "$trials trials: 50 done, .* 70 missing" said || fail 'status of a read-only folder'
  run 2 sweep tiny.toml --out $place/below
  says "cannot create the output folder $place/below" 'a folder below a read-only one'
fi
chmod u+w half
run 0 sweep tiny.toml --out half
same_results half
recorded_once half

# ---- damaged journals --------------------------------------------------------------------------------------
cp -r whole damaged
journal=$(echo damaged/journal-*.jsonl)
# A changed number, a changed checksum, bytes that are no text, a line that is none; the last one is cut short.
sed -i -e '5s/"updates":4/"updates":5/' -e '9s/\("xxh3_64":"\)./\1z/' -e '12s/^{/\x00\xff/' -e '20s/.*/nonsense/' "$journal"
truncate -s -100 "$journal"
for verb in status report; do
  run 0 $verb damaged
  for line in 5 9 12 20; do says "$journal:$line: the line does not match its checksum; ignored" "$verb of a damaged journal"; done
  says "$journal:$trials: the last line is cut short" "$verb of a damaged journal"
done
run 0 status damaged
grep -q "$trials trials: 115 done, .* 5 missing" said || fail 'status of a damaged journal'
run 0 sweep tiny.toml --out damaged
same_results damaged
(($(grep -c 'done, best loss' said) == 5)) || fail 'not just the five damaged trials were trained again'

# ---- checkpoints -------------------------------------------------------------------------------------------
cat >long.toml <<'END'
diagnose = []
[task]
name = "adding"
length = 20
[model]
hidden = 16
[train]
updates = 20000
validate_every = 100
batch = 8
validation_sequences = 4
test_sequences = 4
early_stop = false
checkpoint_seconds = 0.05
END
run 0 sweep long.toml --out long
for damage in truncated empty flipped; do
  "$program" sweep long.toml --out $damage >shown 2>said &
  process=$!
  for ((i = 0; i < 1000; ++i)); do
    checkpoint=$(find $damage -name checkpoint.safetensors 2>/dev/null)
    [[ -n $checkpoint ]] && break
    sleep 0.02
  done
  kill -TERM $process
  wait $process
  (($? == 75)) || fail "$damage: SIGTERM does not end it with 75"
  says 'finished trials are kept in .*the same command continues' "$damage: SIGTERM"
  checkpoint=$(find $damage -name checkpoint.safetensors)
  [[ -s $checkpoint ]] || fail "$damage: there is no checkpoint"
  case $damage in
    truncated) truncate -s 1000 "$checkpoint" ;;
    empty) : >"$checkpoint" ;;
    flipped) printf '\x55' | dd of="$checkpoint" bs=1 seek=3000 conv=notrunc status=none ;;
  esac
  run 0 sweep long.toml --out $damage
  says 'begins anew' "$damage checkpoint"
  cmp $damage/results.csv long/results.csv || fail "$damage checkpoint: other results"
done

# ---- two configs for one folder ----------------------------------------------------------------------------
cp -r whole two
run 2 sweep tiny.toml train.updates=30 --out two
says 'train.updates' 'another config in the folder'
says '--extend|--out' 'another config in the folder: a way out'
cmp two/plan.jsonl whole/plan.jsonl || fail 'a refused config changed the plan'
run 0 sweep tiny.toml --out two
same_results two
# Two at once for a new folder: one makes it, the other is refused, or both were.
"$program" sweep tiny.toml --out race >/dev/null 2>said.1 & first=$!
"$program" sweep tiny.toml train.updates=30 --out race >/dev/null 2>said.2 & second=$!
wait $first; first=$?
wait $second; second=$?
cat said.1 said.2 >said
[[ $first$second == 02 || $first$second == 20 ]] || fail "of two configs at once the first ends with $first, the second with $second"
says 'train.updates' 'two configs at once'
[[ $first == 0 ]] && same_results race
recorded_once race

# ---- a folder that goes away -------------------------------------------------------------------------------
for way in moved deleted; do
  "$program" sweep long.toml 'seed={count=4}' --out $way >shown 2>said &
  process=$!
  for ((i = 0; i < 200; ++i)); do
    compgen -G "$way/journal-*" >/dev/null && break
    sleep 0.05
  done
  # What is written into it just then keeps rm from its end.
  if [[ $way == moved ]]; then mv moved elsewhere; else until rm -rf deleted 2>/dev/null; do :; done; fi
  wait $process
  status=$?
  ((status == 2)) || fail "$way folder: ends with $status"
  says "$way was deleted, moved or replaced while trials ran: .*it is not made anew. The trials that finished are" "$way folder"
  [[ -e $way ]] && fail "a $way folder is made anew"
done
run 0 sweep long.toml 'seed={count=4}' --out elsewhere
run 0 sweep long.toml 'seed={count=4}' --out stayed
cmp elsewhere/results.csv stayed/results.csv || fail 'a moved folder ends with other results'
recorded_once elsewhere

# ---- few file descriptors ----------------------------------------------------------------------------------
for most in 20 8; do
  (ulimit -n $most && run 0 sweep tiny.toml --out "few$most") || exit 1
  same_results "few$most"
done
(ulimit -n 4 && exec "$program" sweep tiny.toml --out none) >shown 2>said
(($? == 2)) || fail 'without descriptors it does not end with 2'
says 'Too many open files' 'no descriptors'
run 0 sweep tiny.toml --out none
same_results none

# ---- closed outputs ----------------------------------------------------------------------------------------
"$program" sweep tiny.toml --out closed >&- 2>said
(($? == 1)) || fail 'a closed standard output is not noticed'
says 'cannot write to standard output: .*what was printed is not complete' 'a closed standard output'
same_results closed
"$program" sweep tiny.toml --out silent <&- >&- 2>&-
(($? == 1)) || fail 'closed outputs are not noticed'
same_results silent
recorded_once silent
grep -qv '^{"id":".*}$' silent/journal-*.jsonl && fail 'something was printed into a journal'
"$program" sweep tiny.toml --out refused >&- 2>&- train.nonsense=1
(($? == 2)) || fail 'what is refused is not, without outputs'
echo 'faults of sweeps: checked'
