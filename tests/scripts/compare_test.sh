#!/bin/bash
# `unroll compare` of two folders and within one: pairs, numbers computed anew from results.csv, what is left out.
source "$UNROLL_SOURCE_DIR/tests/scripts/support/program.bash"

small=(model.hidden=8 train.batch=4 train.updates=60 train.validate_every=20
  train.validation_sequences=16 train.test_sequences=16 'diagnose=[]')
echo >empty.toml
sweep() {
  local out=$1
  shift
  "$unroll" sweep empty.toml "${small[@]}" "$@" --out "$out" >/dev/null 2>log || fail "$out: $(<log)"
}
sweep a model.cell=vanilla task.length=5,6 seed=1,2,3,4,5,6
sweep b model.cell=lstm task.length=6,7 seed=1,2,3,4,5
sweep both model.cell=vanilla,lstm task.length=5,6 seed=1,2,3,4,5,6

# ---- two folders
expect 0 'compared: model.cell: vanilla in A, lstm in B' "$unroll" compare a b
grep -qF 'unpaired: task.length=5: task.length=5 is only in A (6 trials)' output || fail "$(<output)"
grep -qF 'unpaired: task.length=6: seed=6 is only in A (1 trial)' output || fail "$(<output)"
grep -qF 'unpaired: task.length=7: task.length=7 is only in B (5 trials)' output || fail "$(<output)"
"$unroll" compare a b --format json >ab.json 2>/dev/null || fail 'no JSON'
"$unroll" compare both --by model.cell vanilla lstm --format json >both.json 2>/dev/null || fail 'no JSON'
"$unroll" compare a b --unpaired --format csv 2>/dev/null >unpaired.csv || fail 'no list of what is unpaired'
[[ $(wc -l <unpaired.csv) == 13 ]] || fail "not 12 unpaired trials: $(<unpaired.csv)"
python3 - <<'PYTHON' || fail 'other numbers than results.csv gives'
import csv, json, statistics
t_975 = {4: 2.7764451051977987, 5: 2.570581835636314}  # quantiles of Student's t, from a table
def rows(folder): return list(csv.DictReader(open(folder + "/results.csv")))
def check(found, a, b, length):
    b = {row["seed"]: row for row in b if row["task.length"] == length}
    pairs = [(row, b[row["seed"]]) for row in a if row["task.length"] == length and row["seed"] in b]
    for metric, better in (("best_loss", -1), ("test_loss", -1), ("test_accuracy", 1)):
        (row,) = [r for r in found if r["metric"] == metric and r["task.length"] == length]
        differences = [float(y[metric]) - float(x[metric]) for x, y in pairs]
        mean, n = statistics.fmean(differences), len(differences)
        half = t_975[n - 1] * statistics.stdev(differences) / n ** 0.5
        expected = {"A": statistics.median(float(x[metric]) for x, y in pairs), "mean difference": mean,
                    "B": statistics.median(float(y[metric]) for x, y in pairs), "low": mean - half,
                    "high": mean + half, "median difference": statistics.median(differences)}
        for name, value in expected.items(): assert abs(row[name] - value) < 1e-12, (metric, name, row[name], value)
        assert row["pairs"] == row["mean of"] == n
        assert row["B better"] == sum(d * better > 0 for d in differences)
        assert row["A better"] == sum(d * better < 0 for d in differences)
        assert row["ties"] == n - row["A better"] - row["B better"]
both = rows("both")
vanilla = [row for row in both if row["model.cell"] == "vanilla"]
lstm = [row for row in both if row["model.cell"] == "lstm"]
check(json.load(open("ab.json")), rows("a"), [dict(row) for row in rows("b")], "6")
found = json.load(open("both.json"))
for length in "56": check(found, vanilla, lstm, length)
# Over both lengths signs alone.
for row in found:
    if row["task.length"] != "all": continue
    parts = [r for r in found if r["metric"] == row["metric"] and r["task.length"] != "all"]
    assert len(parts) == 2 and row["mean difference"] is None
    for name in ("pairs", "A better", "B better", "ties"): assert row[name] == sum(r[name] for r in parts)
PYTHON

# ---- what cannot be compared, and what is no pair
sweep c model.cell=lstm task.length=9 seed=1
expect 2 'nothing to compare' "$unroll" compare a c
grep -qF 'task.length=9 is only in B' output || fail "$(<output)"
sweep copy task.name=copy task.length=6 model.cell=vanilla seed=1,2
expect 0 'best_loss is not compared: in A it is mean squared error' "$unroll" compare a copy
sweep seeds model.cell=vanilla task.length=6 seed=7
expect 2 'seed=7 is only in B' "$unroll" compare a seeds
expect 0 'no setting has one value in A and another in B' "$unroll" compare a both
sweep broken model.cell=vanilla task.length=6 seed=1,2,3,4,5,6 train.learning_rate=1e30
expect 0 'train.learning_rate: 0.001 in A, 1e+30 in B' "$unroll" compare a broken --format csv
mkdir begun && cp b/plan.jsonl begun
expect 2 'its trial in B is not finished (5 trials)' "$unroll" compare a begun
"$unroll" compare a begun >output 2>/dev/null
[[ ! -s output ]] || fail "something on stdout: $(<output)"

# ---- what is wrong with the command
expect 2 'two words' "$unroll" compare a
expect 2 'no sweep' "$unroll" compare a nowhere
expect 2 'two values' "$unroll" compare both --by model.cell vanilla
expect 2 'compared with itself' "$unroll" compare both --by model.cell lstm lstm
expect 2 'did you mean "model.cell"' "$unroll" compare both --by model.cel vanilla lstm
expect 2 'the values are vanilla, lstm' "$unroll" compare both --by model.cell vanilla gru
expect 2 'formats are table' "$unroll" compare a b --format tex
echo ok
