#!/bin/bash
# `unroll export`: every form says what results.csv and series.csv say, equal records give equal bytes whatever became
# of the processes, and nothing is replaced that an export did not write.
source "$UNROLL_SOURCE_DIR/tests/scripts/support/program.bash"

cat >config.toml <<'CONFIG'
[task]
name = "adding"
length = 12
[model]
hidden = 12
[train]
batch = 4
updates = 150
validate_every = 25
validation_sequences = 16
test_sequences = 16
early_stop = false
checkpoint_seconds = 0.01
[sweep]
"model.cell" = ["vanilla", "lstm"]
"train.learning_rate" = [0.001, 0.01, 1e30]
seed = { count = 4 }
CONFIG
sweep() { "$unroll" sweep config.toml --out "$@" >/dev/null 2>log; }

# ---- killed again and again, with any number of jobs: the same bytes
sweep whole --jobs 1 || fail "the sweep ends with $?: $(<log)"
exports_of() {
  local form
  for form in sqlite jsonl tensorboard csv; do
    expect 0 "export: $1/" "$unroll" export "$1" --to $form
  done
}
exports_of whole
kills=0
for jobs in 1 2 4; do
  for delay in 0.1 0.15 0.05 0.2; do
    sweep killed-$jobs --jobs $jobs &
    sleep $delay
    kill -9 $! 2>/dev/null && ((++kills))
    { wait $!; } 2>/dev/null
  done
  sweep killed-$jobs --jobs $jobs || fail "after the kills the sweep ends with $?: $(<log)"
  exports_of killed-$jobs
  for file in results.csv series.csv sweep.sqlite trials.jsonl csv/results.csv csv/series.csv; do
    cmp whole/$file killed-$jobs/$file || fail "$file is another one after kills, with $jobs jobs"
  done
  diff -r whole/tensorboard killed-$jobs/tensorboard || fail 'the event files are others after kills'
done
((kills > 0)) || fail 'nothing was killed'
cat killed-*/timing.csv | awk -F, 'NR > 1 && $3 > 1 { more = 1 } END { exit !more }' ||
  fail "no trial was started twice: $(cat killed-*/timing.csv)"

# ---- what stands in them
cmp whole/results.csv whole/csv/results.csv && cmp whole/series.csv whole/csv/series.csv || fail 'another CSV'
[[ ! -e whole/csv/timing.csv ]] || fail 'timing without --timing'
cat >check.py <<'PYTHON'
import csv, glob, json, math, os, sqlite3, struct
rows = list(csv.DictReader(open("whole/results.csv")))
points = list(csv.DictReader(open("whole/series.csv")))
assert len(rows) == 24 and any(row["status"] == "diverged" for row in rows)
def same(text, value):
    if value is None: return text in ("", "nan")
    if isinstance(value, str): return text == value
    return float({"true": 1, "false": 0}.get(text, text)) == value

database = sqlite3.connect("whole/sweep.sqlite")
database.row_factory = sqlite3.Row
assert database.execute("pragma integrity_check").fetchone()[0] == "ok"
trials = list(database.execute("select * from trials"))
for row, trial in zip(rows, trials, strict=True):
    for name, text in row.items(): assert same(text, trial[name]), (name, text, trial[name])
assert {type(trial["seed"]) for trial in trials} == {int} == {type(trial["task.length"]) for trial in trials}
series = list(database.execute("select id, series, moment, axis, x, y from series"))
for point, stored in zip(points, series, strict=True):
    for name, text in point.items(): assert same(text, stored[name]), (name, text, stored[name])
assert dict(database.execute("select scalar, unit from scalars"))["best_loss"] == "mean squared error"
assert not list(database.execute("select * from sqlite_master where name = 'timing'"))

lines = [json.loads(line) for line in open("whole/trials.jsonl")]
for row, line in zip(rows, lines, strict=True):
    assert row["id"] == line["id"] and row["status"] == line["status"]
    assert same(row["seed"], line["settings"]["seed"]) and same(row["task.length"], line["settings"]["task.length"])
    assert same(row["best_loss"], line["scalars"]["best_loss"])
    assert not {"seconds", "host", "build", "attempts"} & set(line)
assert sum(len(one["x"]) for line in lines for one in line["series"]) == len(points)

# Event files, by a reader of its own: the framing and protobuf's wire format.
def crc(data):
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8): value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    value ^= 0xFFFFFFFF
    return ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF
def records(data):
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        assert struct.unpack("<I", data[8:12])[0] == crc(data[:8])
        assert struct.unpack("<I", data[12 + length:16 + length])[0] == crc(data[12:12 + length])
        yield data[12:12 + length]
        data = data[16 + length:]
def fields(data):
    at = 0
    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]; at += 1
            value |= (byte & 127) << shift; shift += 7
            if byte < 128: return value
    while at < len(data):
        head = varint()
        if head & 7 == 0: yield head >> 3, varint()
        elif head & 7 == 2: length = varint(); yield head >> 3, data[at:at + length]; at += length
        elif head & 7 == 5: yield head >> 3, struct.unpack("<f", data[at:at + 4])[0]; at += 4
        else: raise AssertionError(head)
folders = sorted(os.listdir("whole/tensorboard"))
assert len(folders) == 24, folders
for row in rows:
    (folder,) = [name for name in folders if name.endswith("-" + row["id"][:8])]
    assert f"model.cell={row['model.cell']}" in folder
    (file,) = glob.glob(glob.escape(f"whole/tensorboard/{folder}") + "/*tfevents*")
    first, *events = [dict(fields(record)) for record in records(open(file, "rb").read())]
    assert first == {3: b"brain.Event:2"}
    curve = []
    for event in events:
        value = dict(fields(dict(fields(event[5]))[1]))
        if value[1] == b"loss/validation": curve.append((event.get(2, 0), value[2]))
    expected = [(float(p["x"]), float(p["y"])) for p in points
                if p["id"] == row["id"] and p["series"] == "loss" and p["moment"] == "validation"]
    single = lambda y: struct.unpack("<f", struct.pack("<f", y))[0] if abs(y) < 3e38 else math.copysign(math.inf, y)
    assert [x for x, y in curve] == [x for x, y in expected], (curve, expected)
    for (_, y), (_, z) in zip(curve, expected): assert y == single(z) or math.isnan(y) and math.isnan(z)
PYTHON
python3 check.py || fail 'an export says something else than results.csv and series.csv'

# ---- with what may differ
expect 0 'export: timed.sqlite' "$unroll" export whole --to sqlite --timing --out timed.sqlite
expect 0 'export: timed.jsonl' "$unroll" export whole --to jsonl --timing --out timed.jsonl
expect 0 'export: deep/er/csv' "$unroll" export whole --to csv --timing --out deep/er/csv
cmp whole/timing.csv deep/er/csv/timing.csv || fail 'another timing.csv'
expect 0 'export: deep/er/csv' "$unroll" export whole --to csv --out deep/er/csv
[[ ! -e deep/er/csv/timing.csv ]] || fail 'the timing of an earlier export is left'
python3 - <<'PYTHON' || fail 'timing'
import csv, json, sqlite3
rows = list(csv.DictReader(open("whole/timing.csv")))
timing = sqlite3.connect("timed.sqlite").execute("select id, attempts, host, build from timing").fetchall()
assert timing == [(row["id"], int(row["attempts"]), row["host"], row["build"]) for row in rows]
assert [json.loads(line)["host"] for line in open("timed.jsonl")] == [row["host"] for row in rows]
(made,) = sqlite3.connect("timed.sqlite").execute("select value from sweep where property = 'made by'").fetchone()
assert "unroll sweep config.toml" in made and "UTC" in made, made
PYTHON

# ---- one that is not finished, and one without any result
"$unroll" sweep config.toml --out part --jobs 1 >/dev/null 2>&1 &
until compgen -G 'part/journal-*.jsonl' >/dev/null; do sleep 0.01; done
kill -9 $!
{ wait $!; } 2>/dev/null
expect 0 missing "$unroll" export part --to sqlite
mkdir begun && cp part/plan.jsonl begun
for form in sqlite jsonl tensorboard csv; do expect 0 '24 missing' "$unroll" export begun --to $form; done
[[ $(grep -c '"status":"missing"}$' begun/trials.jsonl) == 24 ]] || fail 'missing trials have no lines'

# ---- only what an export wrote is replaced
touch empty.sqlite
expect 0 'export: empty.sqlite' "$unroll" export whole --to sqlite --out empty.sqlite
cmp whole/sweep.sqlite empty.sqlite || fail 'another database'
python3 -c 'import sqlite3; d = sqlite3.connect("own.sqlite"); d.execute("create table t (x)"); d.commit()'
echo text >text
cp whole/plan.jsonl plan.copy
mkdir own && cp whole/results.csv own && echo notes >own/notes
for target in 'sqlite own.sqlite' 'sqlite text' 'sqlite whole' 'jsonl text' 'jsonl plan.copy' 'jsonl own' \
  'csv own' 'csv whole' 'csv text' 'tensorboard whole' 'tensorboard own' 'tensorboard text' 'jsonl /dev/null'; do
  form=${target%% *} path=${target#* }
  [[ -f $path ]] && cp "$path" before
  expect 2 'replaces only what it wrote itself' "$unroll" export whole --to "$form" --out "$path"
  [[ -f $path ]] && { cmp "$path" before || fail "$path was changed"; }
done
for journal in whole/journal-*.jsonl; do
  expect 2 'replaces only' "$unroll" export whole --to jsonl --out "$journal"
done

# ---- what is wrong with the command
expect 2 'no sweep' "$unroll" export own --to sqlite
expect 2 'no sweep' "$unroll" export nowhere --to sqlite
[[ ! -e nowhere ]] || fail 'a folder was made'
expect 2 '--to' "$unroll" export whole
expect 2 'did you mean "sqlite"' "$unroll" export whole --to sqlit
expect 2 '--out: expected' "$unroll" export whole --to sqlite --out ''
expect 2 'no place for it' "$unroll" export whole --to tensorboard --timing
expect 2 'one word' "$unroll" export --to sqlite
expect 2 'cannot create the folder text' "$unroll" export whole --to sqlite --out text/x
# The sweep that was killed may have been writing; called again it would remove that.
left=$(find . -path ./part/trials -prune -o -name '.*.????????????????' -print)
[[ -z $left ]] || fail "left behind: $left"

# ---- one line of pandas for each (Debian: python3-pandas)
if python3 -W ignore -c 'import pandas' 2>/dev/null; then
  python3 -W ignore - <<'PYTHON' || fail 'pandas reads something else'
import glob, pandas, sqlite3
results = pandas.read_csv("whole/results.csv", float_precision="round_trip")
curves = pandas.read_csv("whole/series.csv").query("series == 'loss' and moment == 'validation'").pivot(index="x", columns="id", values="y")
journals = pandas.concat(pandas.read_json(file, lines=True) for file in glob.glob("whole/journal-*.jsonl"))
lines = pandas.json_normalize(pandas.read_json("whole/trials.jsonl", lines=True).to_dict("records"))
trials = pandas.read_sql("select * from trials", sqlite3.connect("whole/sweep.sqlite"))
assert len(results) == len(trials) == len(lines) == len(journals) == 24
assert (results["best_loss"] == trials["best_loss"]).all() and (results["seed"] == trials["seed"]).all()
assert ((results["best_loss"] - lines["scalars.best_loss"]).abs() <= 1e-12 * results["best_loss"].abs()).all()
assert set(journals["id"]) == set(results["id"]) == set(curves.columns)
PYTHON
else
  echo 'without pandas: its lines are not tried'
fi
echo ok
