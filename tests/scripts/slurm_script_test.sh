#!/bin/bash
# `sweep --slurm` without Slurm: what it submits to an sbatch that keeps it, what it refuses, and the script as a
# task would run it.
source "$UNROLL_SOURCE_DIR/tests/scripts/support/program.bash"
trap 'exit 1' INT TERM HUP
mkdir "$work/bin" "$work/it's \$(touch pwned) \"a\" sweep"
cd "$work/it's \$(touch pwned) \"a\" sweep" || exit 1

# program NAME: a program in PATH whose text is read.
program() {
  { printf '#!/bin/bash\n'; cat; } >"$work/bin/$1"
  chmod +x "$work/bin/$1"
}
untouched() { [[ ! -e out && ! -e $work/submitted ]] || fail "$1 left something"; }
export PATH=$work/bin:$PATH WORK=$work
program sbatch <<'SBATCH'
cp "$2" "$WORK/submitted" && env >"$WORK/environment" && echo '77;cluster'
SBATCH
program scontrol <<'SCONTROL'
printf '%s\n' "$*" >>"$WORK/requeued"
SCONTROL

cat >mine.cell <<'CELL'
cell mine
state h
h' = act(W x + U h + b)
CELL
cat >base.toml <<'TOML'
[task]
length = 5
[model]
hidden = 4
cell = "mine.cell"
[train]
updates = 40
validate_every = 10
batch = 4
validation_sequences = 8
TOML
cat >'a config.toml' <<'TOML'
include = ["base.toml"]
[sweep]
seed = { count = 3 }
"train.learning_rate" = [0.001, 0.01]
TOML
sweep=("$unroll" sweep 'a config.toml')

# ---- what is refused, before anything is written or submitted
expect 2 '--array must be from 1' "${sweep[@]}" --slurm --array 0
expect 2 '--cpus must be from 1' "${sweep[@]}" --slurm --cpus 0
expect 2 'found "1-4"' "${sweep[@]}" --slurm --array 1-4
expect 2 '--partition: expected a value' "${sweep[@]}" --slurm --partition ''
expect 2 'control characters' "${sweep[@]}" --slurm --time $'1:00\n#SBATCH --uid=0'
expect 2 'control characters' "${sweep[@]}" --slurm --slurm-option $'--qos=a\nrm -rf x'
for flag in --array=2 --cpus=2 --nodes=1 --time=1 --partition=a --mem=1G --account=a --slurm-option=--qos=a; do
  expect 2 "${flag%%=*} needs --slurm" "${sweep[@]}" "$flag"
done
expect 2 'no flag --slurm' "$unroll" run 'a config.toml' --slurm
expect 2 'which Slurm does not take' "${sweep[@]}" --slurm --out 'a%A'
expect 2 'keep-models' "${sweep[@]}" --slurm --keep-models=all
expect 2 'model.hiden' "${sweep[@]}" --slurm model.hiden=3
expect 2 'no file' "${sweep[@]}" --slurm model.start=nowhere.safetensors
sed 's/U h/U h h/' mine.cell >broken.cell
expect 2 'broken.cell' "${sweep[@]}" --slurm model.cell=broken.cell
expect 2 'sbatch, which is not in PATH' env PATH="$work" "${sweep[@]}" --slurm
untouched 'a refused submission'

# ---- --dry-run prints the script, and that is all
"${sweep[@]}" --slurm --dry-run --array 2 --nodes 3 --time '5 parsecs' --partition short --cpus 4 --mem 8G --account me \
  --slurm-option '--qos=long' --slurm-option 'constraint="a b"' >"$work/dry" 2>/dev/null || fail 'a dry run'
untouched 'a dry run'
bash -n "$work/dry" || fail 'what is printed is no script'
for line in '--array=1-2' '--nodes=3' '--time="5 parsecs"' '--partition=short' '--cpus-per-task=4' '--mem=8G' '--account=me' \
  '--qos=long' '--constraint="a b"' '--signal=B:USR1@120' '--open-mode=append' '--requeue' '--job-name="a config"' \
  "--chdir=\"${PWD//\"/\\\"}/out/a config\""; do
  grep -qxF -- "#SBATCH $line" "$work/dry" || fail "no $line: $(<"$work/dry")"
done
# What is done when it is submitted is not done again by each task.
"${sweep[@]}" --slurm --dry-run --retry-failed --fail-on-diverged >"$work/dry" 2>/dev/null || fail 'a dry run with --retry-failed'
grep -q -- '--retry-failed' <(grep -v '^# ' "$work/dry") && fail 'each task would retry what failed'
grep -q -- '--fail-on-diverged' "$work/dry" || fail 'a flag of the tasks is not passed on'

# ---- an sbatch that refuses, and one that says nothing of use
mv "$work/bin/sbatch" "$work/sbatch"
program sbatch <<<'echo "sbatch: error: invalid partition" >&2; exit 1'
expect 2 'sbatch: error: invalid partition' "${sweep[@]}" --slurm
untouched 'an sbatch that refuses'
program sbatch <<<'exit 0'
expect 1 'printed no number of a job' "${sweep[@]}" --slurm
[[ -e 'out/a config/plan.jsonl' ]] || fail 'there may be a job, but its plan is gone'
program sbatch <<<'exit 3'
expect 2 'nothing was submitted' "${sweep[@]}" --slurm
[[ -e 'out/a config/plan.jsonl' ]] || fail 'a plan that was there before is gone'
expect 2 'the new trials stay' "${sweep[@]}" --slurm --extend seed=8
rm -r out
mv "$work/sbatch" "$work/bin/sbatch"

# ---- a submission: the job's number alone on stdout, the plan in the folder, no kernels of this machine's CPU
"${sweep[@]}" --out local >/dev/null 2>&1 || fail 'the local sweep'
"${sweep[@]}" --slurm --out 'out/to do' --array 50 --takeover-after 1 >"$work/job" 2>"$work/told" ||
  fail "submitting: $(<"$work/told")"
[[ $(<"$work/job") == 77 ]] || fail "the job's number: $(<"$work/job")"
grep -qF 'job 77: 6 tasks for 6 trials' "$work/told" || fail "what was submitted: $(<"$work/told")"
folder="$PWD/out/to do"
eval "$(grep -F 'unroll status ' "$work/told" | sed "s|unroll|$(printf '%q' "$unroll")|")" >/dev/null 2>"$work/output"
grep -q '6 missing' "$work/output" || fail "the status as it is told: $(<"$work/output")"
cmp "$work/submitted" "$folder/slurm/1.sh" || fail 'another script was submitted than is kept'
"${sweep[@]}" --slurm --out 'out/to do' >/dev/null 2>&1 || fail 'submitting twice'
[[ -e $folder/slurm/2.sh ]] || fail 'a second submission has no files of its own'
"${sweep[@]}" --slurm --out full >/dev/full 2>"$work/output"
[[ $? == 1 ]] && grep -qF 'job 77' "$work/output" || fail "a full stdout hides the job: $(<"$work/output")"
env -u OPENBLAS_CORETYPE "${sweep[@]}" --slurm --out other >/dev/null 2>&1
! grep -q 'CORETYPE' "$work/environment" || fail 'kernels for this CPU go to the cluster'
OPENBLAS_CORETYPE=Haswell "${sweep[@]}" --slurm --out other >/dev/null 2>&1
grep -qx 'OPENBLAS_CORETYPE=Haswell' "$work/environment" || fail "the user's own choice of kernels is lost"

# ---- a task, elsewhere, when the files of the user are gone: the trials are the same
export SLURM_ARRAY_JOB_ID=77 SLURM_ARRAY_TASK_ID=3 SLURM_JOB_NUM_NODES=1 SLURM_CPUS_PER_TASK=1
rm base.toml 'a config.toml' mine.cell
(cd / && exec bash "$folder/slurm/1.sh") >"$work/output" 2>&1 || fail "a task: $(<"$work/output")"
for file in results.csv series.csv; do cmp "$folder/$file" "local/$file" || fail "$file is not the local sweep's"; done
[[ ! -e $work/requeued ]] || fail 'a task that is done requeues itself'
rm "$work/submitted"
expect 0 'all 6 trials are finished' "$unroll" sweep "$folder/slurm/1.toml" --slurm --out 'out/to do'
[[ ! -e $work/submitted ]] || fail 'a job without work was submitted'
[[ ! -e pwned ]] || fail 'a name was run as a command'

# ---- tasks that are stopped
printf '[train]\nupdates = 100000000\n[sweep]\nseed = [1, 2]\n' >long.toml
"$unroll" sweep long.toml --slurm >/dev/null 2>&1 || fail 'submitting long trials'
# stopped SIGNAL [RESTARTS]: a task that gets it while it trains, started so often before.
stopped() {
  rm -f "$work/requeued"
  SLURM_RESTART_COUNT=${2-0} bash "$work/submitted" >"$work/output" 2>&1 &
  local task=$!
  until compgen -G 'out/long/claim-*' >/dev/null; do kill -0 $task || fail "a task ended: $(<"$work/output")"; sleep 0.05; done
  kill -"$1" $task
  wait $task
  [[ $? == 75 ]] || fail "a task that gets $1 exits otherwise: $(<"$work/output")"
  compgen -G 'out/long/trials/*/checkpoint*' >/dev/null || fail "a task that gets $1 does not save"
}
stopped USR1
[[ $(<"$work/requeued") == 'requeue 77_3' ]] || fail "not requeued: $(<"$work/output")"
stopped TERM
[[ ! -e $work/requeued ]] || fail 'a cancelled task requeues itself'
stopped USR1 10
[[ ! -e $work/requeued ]] || fail 'a time limit that is too short requeues for ever'
program scontrol <<<'exit 1'
stopped USR1
grep -q 'does not requeue this task' "$work/output" || fail "a cluster without requeueing: $(<"$work/output")"
program srun <<'SRUN'
printf '%s\n' "$@" >"$WORK/srun"
SRUN
SLURM_JOB_NUM_NODES=2 bash "$work/submitted" >"$work/output" 2>&1 || fail 'a task with two nodes'
grep -qxF "$PWD/out/long/slurm/1.toml" "$work/srun" || fail "two nodes: $(<"$work/srun")"

echo 'submissions to Slurm: scripts, quoting, signals, refusals'
