#!/bin/bash
# A sweep on a real Slurm: controller and node run here, on loopback, with all that is theirs in a folder of this
# test. Tasks are told that their time is over, requeued and cancelled in their midst, what is missing is submitted
# again, and the results are those of a local sweep, byte for byte.
set -u
source "${BASH_SOURCE[0]%/*}/support/slurm.bash"
start_slurm
unroll=$UNROLL_PROGRAM

fail() {
  printf 'FAILED: %s\n' "$*"
  tail -n 20 "$sweep"/slurm/*.log "$slurm"/*.log
  exit 1
}
# await WHAT COMMAND...: until it succeeds.
await() {
  local what=$1 end=$((SECONDS + 120))
  shift
  until "$@"; do
    ((SECONDS < end)) || fail "$what: not within two minutes"
    sleep 0.1
  done
}
recorded() { cat "$sweep"/journal-*.jsonl 2>/dev/null | wc -l; }
has_recorded() { (($(recorded) >= $1)); }
is_over() { [[ -z $(squeue -h -j "$1" 2>/dev/null) ]]; }
log_says() { grep -qs "$2" "$sweep/slurm/$1.log"; }
# pick JOB: sets `task` to one that trains now and has not been picked yet.
picked=' '
pick() {
  for task in $(squeue -h -r -t R -j "$1" -o %i 2>/dev/null); do
    [[ $picked == *" $task "* ]] && continue
    log_says "$task" 'done, best loss' || continue
    picked+="$task "
    return 0
  done
  return 1
}
# As Slurm does before a time limit. scancel repeats itself for a while where the task is requeued at once.
tell_that_time_is_over() { scancel --batch --signal=USR1 "$1" 2>>"$slurm/scancel.log" & }

work="$slurm/it's a sweep"
mkdir "$work" && cd "$work" || exit 1
sweep=$work/out/short
# config UPDATES: 120 trials. They must last however fast the machine is: a task that is told that its time is
# over, or is requeued, must have something left to do, and the others meanwhile.
config() {
  cat >short.toml <<TOML
[task]
length = 40
[model]
hidden = 64
[train]
updates = $1
validate_every = 50
batch = 16
validation_sequences = 32
[sweep]
seed = { count = 30 }
"train.learning_rate" = [1e-4, 1e-3, 1e-2, 1e-1]
TOML
}
milliseconds() { echo $((${EPOCHREALTIME/./} / 1000)); }
config 400
begun=$(milliseconds)
"$unroll" sweep short.toml 'seed={count=2}' --jobs 1 --out measured >/dev/null 2>&1 || fail 'the sweep that is timed'
took=$((($(milliseconds) - begun) / 8))  # of a trial
updates=$((400 * 300 / (took > 0 ? took : 1) / 50 * 50))
config $((updates < 400 ? 400 : updates > 8000 ? 8000 : updates))
"$unroll" sweep short.toml --out local >/dev/null 2>&1 || fail 'the local sweep'

# ---- what Slurm refuses leaves nothing behind
"$unroll" sweep short.toml --slurm --partition nowhere >output 2>&1
status=$?
[[ $status == 2 ]] || fail "a partition that is not there: exit status $status"
grep -q 'nothing was submitted' output && grep -q 'nvalid partition' output || fail "not said: $(<output)"
[[ ! -e $sweep ]] || fail 'a folder is left of what was refused'

# ---- eight tasks, two of which run at a time: one of each is told, requeued and cancelled, at last all
submit() { "$unroll" sweep short.toml --slurm --array "$1" --time 10 --takeover-after 3 2>output; }
job=$(submit 8) || fail "submitting: $(<output)"
[[ $job =~ ^[0-9]+$ ]] || fail "no number of a job: $job"
grep -qF "unroll status '" output || fail "how to follow it is not said: $(<output)"
await 'the first trials' has_recorded 10
await 'a task that runs' pick "$job"
told=$task
tell_that_time_is_over "$told"
await 'the requeueing of a task that was told' log_says "$told" 'requeued, to go on'
await 'another task that runs' pick "$job"
requeued=$task
scontrol requeue "$requeued" || fail 'scontrol requeue'
await 'the end of a task that is requeued' log_says "$requeued" 'unroll: stopped by SIGTERM'
await 'a third task that runs' pick "$job"
cancelled=$task
scancel "$cancelled" || fail 'scancel of a task'
await 'the end of a task that is cancelled' log_says "$cancelled" 'unroll: stopped by SIGTERM'
log_says "$told" '^1 trial at once, .*SLURM_CPUS_PER_TASK 1)$' || fail 'a task takes more than its core'
await 'a part of the trials' has_recorded 40
"$unroll" status "$sweep" >/dev/null 2>output || fail 'unroll status meanwhile'
grep -q '[1-9][0-9]* missing' output || fail "status: $(<output)"
scancel "$job" || fail 'scancel of the job'
await 'the end of the first job' is_over "$job"
log_says "$told" 'stopped by SIGUSR1' || fail 'the program was not told'
log_says "$requeued" 'DUE TO JOB REQUEUE' || fail 'a task is not requeued'
log_says "$cancelled" 'requeued' && fail 'a task that is cancelled requeues itself'
first=$(recorded)
((first < 120)) || fail 'nothing is left to submit again'

# ---- the same again, with two tasks, which are both told: they do the rest once they are back
job=$(submit 2) || fail "submitting again: $(<output)"
grep -qF "for $((120 - first)) trials" output || fail "what is missing is not said: $(<output)"
await 'a few more trials' has_recorded $((first + 5))
for number in 1 2; do
  await 'a task of the second job' pick "$job"
  tell_that_time_is_over "$task"
  await 'a task of the second job that requeues itself' log_says "$task" 'requeued, to go on'
done
await 'the end of the second job' is_over "$job"
submit 8 >/dev/null || fail "submitting a third time: $(<output)"
grep -q 'all 120 trials are finished' output || fail "a third job: $(<output)"

for file in results.csv series.csv; do
  cmp "$sweep/$file" "local/$file" || fail "$file differs from the local sweep's"
done
[[ $(recorded) == 120 ]] || fail "$(recorded) records of 120 trials"
left=$(find "$sweep" -name 'claim-*' -o -name 'worker-*' -o -name 'checkpoint*')
[[ -z $left ]] || fail "left behind: $left"
printf 'a sweep on Slurm is as a local one; %d and %d trials\n' "$first" $((120 - first))
