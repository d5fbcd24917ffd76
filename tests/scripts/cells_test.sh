#!/bin/bash
# The verb `cells`, and cells of a user's own in runs and sweeps, from the outside.
source "$UNROLL_SOURCE_DIR/tests/scripts/support/program.bash"

cat >leaky.cell <<'CELL'
cell leaky   # a leaky integrator
const dt = 0.5
state h
h' = (1 - dt) * h + dt * act(W x + U h + b)
CELL
sed 's/act(W x/atc(W x/' leaky.cell >typo.cell

# ---- list, show, check, graph, bench
expect 0 vanilla "$unroll" cells
expect 0 '"cell": "lstm"' "$unroll" cells --format json
expect 0 'parameter  U            (8, 8)' "$unroll" cells show leaky.cell --hidden 8
expect 0 'constant   dt' "$unroll" cells show leaky.cell
expect 0 'at input 3 and hidden 4' "$unroll" cells check leaky.cell vanilla
expect 0 'at input 3 and hidden 9' "$unroll" cells check leaky.cell --hidden 9
expect 0 'surrogate(a, b)' "$unroll" cells functions
expect 0 'orthogonal_exp' "$unroll" cells language
expect 0 'my_cell.cell is written' "$unroll" cells new my_cell
expect 0 'checks agree' "$unroll" cells check my_cell.cell
expect 2 'is there already' "$unroll" cells new my_cell
expect 2 "expected the cell's name" "$unroll" cells new 9lives
expect 0 'its gradient is declared' "$unroll" cells check spiking_lif
expect 0 'its gradient is declared' "$unroll" cells show spiking_lif

# ---- sizes that a cell allows only from some hidden on, or in multiples
printf 'cell low\nstate h\nparam U low_rank(8)\nh'"'"' = tanh(W x + U h)\n' >low.cell
expect 0 'at input 3 and hidden 8' "$unroll" cells check low.cell
expect 2 'from 1 to 4, not 8' "$unroll" cells check low.cell --hidden 4
expect 0 report "$unroll" run task.length=5 train.updates=5 train.validation_sequences=20 model.cell=low.cell \
  model.hidden=32 --out low
expect 2 'from 1 to 4, not 8' "$unroll" run task.length=5 model.cell=low.cell model.hidden=4 --out lower
expect 0 digraph "$unroll" cells graph leaky.cell --format dot
expect 0 'its values written and read' "$unroll" cells bench leaky.cell --steps 20 --rows 4 --hidden 16
expect 0 'its products alone' "$unroll" cells bench leaky.cell --steps 20 --rows 4 --hidden 16
command -v dot >/dev/null || fail "no dot here (Debian: graphviz)"
expect 0 '<svg' "$unroll" cells graph leaky.cell --format svg
# An output that no step reads is drawn with the step, not behind it.
expect 0 digraph "$unroll" cells graph lru --format dot
! grep -qF 'slice\n(1, ' output || fail 'the graph of lru shows the last step alone'
expect 2 "needs Graphviz" env PATH=/nowhere "$unroll" cells graph leaky.cell --format svg

# ---- what is wrong is said, with its place
expect 2 'typo.cell:4:26: atc is unknown; did you mean the function act?' "$unroll" cells check typo.cell
expect 2 'typo.cell:4:26' "$unroll" run task.length=5 model.cell=typo.cell
expect 2 'did you mean "vanilla"?' "$unroll" cells show vanila
expect 2 'there is no file' "$unroll" cells show nothing.cell
expect 2 'takes one cell' "$unroll" cells graph
expect 2 'it does show, check, graph, passes, bench, functions, language, new' "$unroll" cells chek
expect 2 'must be at least 1' "$unroll" cells --hidden 0

# ---- in a sweep, with its constants
cat >sweep.toml <<'CONFIG'
[task]
length = 6
[model]
cell = "leaky.cell"
hidden = 8
[train]
updates = 20
validation_sequences = 50
[sweep]
"model.constants.dt" = [0.1, 1]
CONFIG
expect 0 'cell leaky@' "$unroll" sweep sweep.toml --out a
[[ -s a/checked-cells.txt ]] || fail 'no list of checked cells'
cp a/results.csv first.csv
# The folder knows the equations: the file is not needed again, and the same command adds nothing.
mv leaky.cell elsewhere.cell
expect 0 report "$unroll" sweep a/sweep.toml --out a
cmp a/results.csv first.csv || fail 'the results changed'
# A comment changes nothing; another set of equations is another sweep.
sed 's/a leaky/the leaky/' elsewhere.cell >leaky.cell
expect 0 report "$unroll" sweep sweep.toml --out a
sed 's/1 - dt/1 + dt/' elsewhere.cell >leaky.cell
expect 2 'model.cell' "$unroll" sweep sweep.toml --out a
expect 2 'has no constant td' "$unroll" sweep sweep.toml model.constants.td=1 --out b
expect 2 'the cell vanilla' "$unroll" run task.length=5 model.constants.dt=1

# ---- a constant given on the command line counts, and its default does not change the trial
expect 0 done "$unroll" run task.length=5 train.updates=5 model.cell=elsewhere.cell model.constants.dt=0.25 --out c
grep -q 'constants.dt = 0.25' c/sweep.toml || fail 'the constant is not in the resolved config'

# ---- a constant of one cell beside cells without it
cat >cases.toml <<'CONFIG'
task.length = 6
model.hidden = 8
train.updates = 20
train.validation_sequences = 50
[sweep]
cases = [
  { "model.cell" = "vanilla" },
  { "model.cell" = "elsewhere.cell", "model.constants.dt" = 0.1 },
  { "model.cell" = "elsewhere.cell" },
]
CONFIG
expect 0 report "$unroll" sweep cases.toml --out d
cp d/results.csv first.csv
expect 0 report "$unroll" sweep d/sweep.toml --out d
cmp d/results.csv first.csv || fail 'the resolved cases are other trials'

# ---- a cell's names are its own: those of the readout, the embedding, learned starts and layer norm
printf 'cell a\nstate h\nparam W_hy, h_0, ln_gain: hidden\nh'"'"' = tanh(W x + E h + b_y) * W_hy + h_0 + ln_gain\n' >names.cell
expect 0 'checks agree' "$unroll" cells check names.cell
expect 0 report "$unroll" run task.length=5 train.updates=5 train.validation_sequences=20 model.cell=names.cell \
  model.layer_norm=true model.initial_state=learned --out names

# ---- starts that fit no shape, sizes beyond measure, line ends
printf 'cell a\nstate h\nparam b init glorot\nh'"'"' = tanh(W x + U h + b)\n' >start.cell
expect 2 'start.cell:3:14: b is (4096): initialiser glorot' "$unroll" cells check start.cell
printf 'cell a\nstate h: 1000000\nh'"'"' = tanh(W x + U h)\n' >huge.cell
expect 2 'too large to be checked' "$unroll" cells check huge.cell
printf 'cell a\rstate h # one\rh'"'"' = tanh(W x + U h)\r' >mac.cell
expect 0 'checks agree' "$unroll" cells check mac.cell
printf '\xef\xbb\xbfcell a\r\nstate h\r\nh'"'"' = tanh(W x + U h)\r\n' >dos.cell
expect 0 report "$unroll" run task.length=5 train.updates=5 train.validation_sequences=20 model.cell=dos.cell --out e
expect 0 report "$unroll" sweep e/sweep.toml --out e

# ---- a declared gradient trains: signs forwards, their identity backwards, parity solved
cat >signs.cell <<'CELL'
cell signs
state h
a  = tanh(W x + U h + b)
h' = surrogate(sign(a), a)
CELL
expect 0 '1/1' "$unroll" run task.name=parity task.length=20 model.cell=signs.cell model.hidden=32 \
  train.optimizer=adam train.learning_rate=1e-2 train.updates=2000 --out signs
grep -q 'its gradient is declared' output || fail 'the run does not say that the gradient is declared'
grep -q '<code>signs@.*its gradient is declared' signs/report.html || fail 'the report does not say it'

# ---- noise of a cell's own: the same bits for any number of jobs
for jobs in 1 2; do
  expect 0 report "$unroll" sweep "$UNROLL_SOURCE_DIR/experiments/configs/one.toml" model.cell=ctrnn \
    seed=1,2 task.length=20 train.updates=100 train.validation_sequences=50 --jobs $jobs --out "noise$jobs"
done
cmp noise1/results.csv noise2/results.csv || fail 'the results depend on the number of jobs'

# ---- a graph goes to dot itself: no shell reads a folder's name, and none for temporary files is needed
if command -v dot >/dev/null; then
  TMPDIR="$PWD/'; touch stolen; '" expect 0 '</svg>' "$unroll" cells graph lstm --format svg
  TMPDIR=/nowhere expect 0 '</svg>' "$unroll" cells graph lstm --format svg
  [[ ! -e stolen ]] || fail 'the name of a folder was run as a command'
else
  expect 2 'apt-get install graphviz' "$unroll" cells graph lstm --format svg
fi
printf 'ok\n'
