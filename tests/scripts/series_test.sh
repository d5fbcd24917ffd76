#!/bin/bash
# The task `series` from the outside: its page's commands as they stand, a later table, and what is refused.
source "$UNROLL_SOURCE_DIR/tests/scripts/support/program.bash"

# ---- the page
mkdir scripts && ln -s "$unroll" scripts/unroll
ran=0
while IFS= read -r command; do
  bash -c "$command" >output 2>&1 </dev/null || fail "'$command' of the page exits with $?: $(<output)"
  ran=$((ran + 1))
done < <(sed -n '/^```sh$/,/^```$/{/^```/d;p}' "$UNROLL_SOURCE_DIR/experiments/tasks/series/README.md")
[[ $ran == 4 ]] || fail "$ran commands of the page were run"
[[ $(wc -l <visitors-ahead.csv) == 13 ]] || fail "not a row for each month: $(<visitors-ahead.csv)"
[[ $(head -1 visitors-ahead.csv) == "month,visitors,visitors low 50,visitors high 50,visitors low 80,visitors high 80,visitors low 95,visitors high 95" ]] ||
  fail "other columns: $(head -1 visitors-ahead.csv)"
[[ $(sed -n 2p visitors-ahead.csv) == 2020-01,* ]] || fail "the forecast begins elsewhere: $(sed -n 2p visitors-ahead.csv)"
awk -F, 'NR > 1 && !($7 < $5 && $5 < $3 && $3 < $2 && $2 < $4 && $4 < $6 && $6 < $8) { exit 1 }' visitors-ahead.csv ||
  fail "intervals are not within each other: $(<visitors-ahead.csv)"
grep -q 'id="forecast"' visitors-ahead.html || fail 'no picture'
! grep -q '{{' <(sed '/<script>/,$d' visitors-ahead.html) || fail 'a part of the page is missing'

# ---- backtest: rows for the model and each baseline, and a verdict that is on stdout for people, else on stderr
expect 0 'on RMSE: ' "$unroll" backtest out/visitors
for name in persistence 'seasonal naive' drift 'autoregression (' 'exponential smoothing' "Holt's trend" Holt-Winters; do
  grep -qF -- "$name" output || fail "no row of $name: $(<output)"
done
"$unroll" backtest out/visitors --format csv >rows.csv 2>said || fail 'no rows'
[[ $(wc -l <rows.csv) == 9 && $(head -1 rows.csv) == 'forecaster,RMSE,MASE,sMAPE,NRMSE,CRPS,in 50 %,in 80 %,in 95 %' ]] || fail "rows: $(<rows.csv)"
grep -q 'on MASE: ' said || fail 'no verdict'
# The figures of the trial are those of the backtest.
python3 - <<'PYTHON' || fail 'other figures in the record'
import csv
kept = next(csv.DictReader(open('out/visitors/results.csv')))
shown = list(csv.DictReader(open('rows.csv')))
assert abs(float(kept['forecast_RMSE']) - float(shown[0]['RMSE'])) < 1e-6 * float(shown[0]['RMSE']), (kept, shown[0])
assert abs(float(kept['baseline_RMSE']) - min(float(row['RMSE']) for row in shown[1:])) < 1e-6
PYTHON

# ---- a later table of the same columns, elsewhere, through standard input; the forecast depends on its context alone
{ head -1 visitors.csv; tail -60 visitors.csv; } >later.csv
"$unroll" forecast out/visitors later.csv --format csv >later.out 2>/dev/null || fail 'no forecast of a later table'
cmp -s later.out visitors-ahead.csv || fail "other forecasts: $(diff later.out visitors-ahead.csv)"
"$unroll" forecast out/visitors - --format json --horizon 2 <later.csv >ahead.json 2>/dev/null || fail 'no forecast of standard input'
python3 -c 'import json; rows = json.load(open("ahead.json")); assert len(rows) == 2 and rows[0]["month"] == "2020-01", rows' || fail "$(<ahead.json)"

# ---- what is refused, each by one message and status 2
refused() {
  local text=$1
  shift
  expect 2 "$text" "$@"
  [[ $(grep -vc "lists the verbs, .unroll VERB --help" output) == 1 ]] || fail "$* says more than one line: $(<output)"
}
run=("$unroll" run task.name=series task.context=4 task.horizon=2 train.updates=10 --out never)
refused 'the model answers 12 steps at once' "$unroll" forecast out/visitors later.csv --horizon 13
head -20 later.csv >short.csv
refused 'but a forecast reads 36: 24 of context (task.context) and 12 that differences look back' "$unroll" forecast out/visitors short.csv
sed '1s/visitors/guests/' later.csv >other.csv
refused 'the model reads visitors, but here are guests' "$unroll" forecast out/visitors other.csv
sed '5s/,.*/,-3/' later.csv >negative.csv
refused 'line 5, column "visitors": task.transform=log takes numbers above 0' "$unroll" forecast out/visitors negative.csv
refused 'missing.csv' "$unroll" forecast out/visitors missing.csv
: >empty.csv
refused 'empty.csv: is empty' "$unroll" forecast out/visitors empty.csv
head -1 later.csv >header.csv
refused 'the table has names of columns, but no rows' "$unroll" forecast out/visitors header.csv
sed '9s/,.*/,many/' later.csv >text.csv
refused 'found "many"' "${run[@]}" task.data=text.csv
sed '9s/,.*/,"1,5"/' later.csv >comma.csv
refused 'line 9, column "visitors": found "1,5"; expected a number, with a decimal point' "${run[@]}" task.data=comma.csv
tr , ';' <later.csv | sed 's/\./,/' >semicolons.csv
refused 'no column of numbers is left' "${run[@]}" task.data=semicolons.csv
{ head -1 later.csv; tail -n +2 later.csv | tac; } >backwards.csv
refused 'sort the rows by time' "${run[@]}" task.data=backwards.csv
refused 'no season is there twice' "${run[@]}" task.data=later.csv task.season=60
[[ ! -e never ]] || fail 'a refused run left a folder'
refused 'trained on the task' "$unroll" predict out/visitors --data later.csv
expect 0 'report:' "$unroll" run task.name=adding task.length=5 model.hidden=3 train.updates=2 train.validation_sequences=5 \
  train.test_sequences=5 --out adding
refused 'trained on the task adding: it forecasts no series' "$unroll" forecast adding later.csv
refused 'trained on the task adding: it forecasts no series' "$unroll" backtest adding
refused 'which model?' "$unroll" backtest
