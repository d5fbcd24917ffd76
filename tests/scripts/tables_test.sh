#!/usr/bin/env bash
# What is printed as a table is there for other programs too; what changed since another folder, and a study's published
# figures, are in pages of their own sweeps.
source "${UNROLL_SOURCE_DIR:?}/tests/scripts/support/program.bash"

cat >small.toml <<'END'
diagnose = []
[task]
name = "adding"
[model]
hidden = 4
[train]
updates = 20
validate_every = 10
batch = 4
validation_sequences = 8
test_sequences = 8
[sweep]
seed = { count = 2 }
"task.length" = [4, 6]
END
"$unroll" sweep small.toml --out 'old folder' --jobs 1 >/dev/null 2>&1 || fail 'the first sweep'
"$unroll" sweep small.toml model.hidden=5 --out new --jobs 1 >/dev/null 2>&1 || fail 'the second sweep'

# columns NUMBER COMMAND...: so many columns has each line of the CSV that it prints, and it has more than a head.
columns() {
  local wanted=$1
  shift
  "$@" >"$work/table.csv" 2>/dev/null || fail "$*"
  [[ $(wc -l <"$work/table.csv") -gt 1 ]] || fail "$* prints no rows"
  [[ -z $wanted || $(head -1 "$work/table.csv") == "$wanted"* ]] || fail "$* begins with $(head -1 "$work/table.csv")"
}
columns 'task.length,n,successes,success_rate,success_low,success_high,updates_to_success' "$unroll" report new --format csv
[[ $(wc -l <"$work/table.csv") == 3 ]] || fail "two cells have $(wc -l <"$work/table.csv") lines"
columns 'folder,points,left_out' "$unroll" plan small.toml --format csv
columns 'status,' "$unroll" status new --format csv
columns 'figure,title,kind,shows' "$unroll" plot new --format csv
columns 'study,title' "$unroll" study --format csv
columns 'task,' "$unroll" tasks --format csv
columns 'task.length,metric' "$unroll" compare 'old folder' new --format csv
expect 0 '"median_test_loss"' "$unroll" report new --format json
expect 2 'unknown format "jsn"; did you mean "json"?' "$unroll" report new --format jsn
expect 2 'unknown format "xml"' "$unroll" plan small.toml --format xml
if grep -rl -- '-nan' new 'old folder' | grep -v report.html; then fail 'a NaN has a sign'; fi

# What changed: a page beside the report, which stays.
expect 0 'against: new/against.html' "$unroll" report new --against 'old folder'
grep -qF '<li>model.hidden: 4 before, 5 now</li>' new/against.html || fail 'the page does not say what changed'
grep -qF '<table id="against">' new/against.html || fail 'the page has no table of what changed'
expect 2 'nowhere' "$unroll" report new --against nowhere

# A study's published figure is kept with the trials that it is about, also when the report is written anew.
{
  printf '[study]\ntitle = "Small"\nsource = "nobody"\nabout = "For a test."\n[budgets.smoke]\ncost = "a second"\n'
  cat small.toml
  printf '[[expect]]\nsays = "It trains"\nwhere = "task.length == 4"\nmeasure = "best_loss"\nat_most = 100\npublished = 0.25\npaper = "a quarter"\n'
} >study.toml
expect 0 'the expectation is met' "$unroll" study study.toml --budget smoke --out studied --jobs 1
columns 'part,expectation,measure,paper,ours,value,band,verdict,note' "$unroll" study study.toml --budget smoke --out studied --format csv
grep -qF '"y": 0.25' studied/study/published.json || fail 'the published figure is not kept'
before=$(cksum <studied/study/report.html)
"$unroll" report studied/study >/dev/null 2>&1 || fail 'the report of a part'
[[ $(cksum <studied/study/report.html) == "$before" ]] || fail 'the report written anew is another one'
rm studied/study/published.json
"$unroll" report studied/study >/dev/null 2>&1 || fail 'the report without the figure'
[[ $(cksum <studied/study/report.html) != "$before" ]] || fail 'the published figure is not in the report'
printf '[{"of": 1}]' >studied/study/published.json
expect 2 "member '[0].of' must be a string, but is number" "$unroll" report studied/study
