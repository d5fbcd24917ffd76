#!/bin/bash
# Every study of the program at its smallest budget, and one of a user's own: what is expected is met, what is not
# met is exit status 1, and the number of jobs changes no byte.
source "$UNROLL_SOURCE_DIR/tests/scripts/support/program.bash"

# ---- a study of one's own is one file
cat >own.toml <<'TOML'
[study]
title = "Is a longer sequence harder?"
source = "nobody yet"
about = "The adding problem at two lengths."
[model]
hidden = 16
[train]
updates = 200
validate_every = 50
batch = 10
validation_sequences = 50
test_sequences = 50
[sweep]
seed = { count = 2 }
"task.length" = [4, 40]
[[expect]]
says = "At length 4 the error falls below that of guessing"
where = "task.length == 4"
measure = "best_loss"
at_most = 0.16
paper = "1/6 [calculated]"
[[expect]]
says = "The shorter one is easier, seed by seed"
where = "task.length == 4"
against = "task.length == 40"
by = "ratio"
measure = "best_loss"
share = 1
at_most = 1
TOML
expect 0 'all 2 expectations met' "$unroll" study own.toml --out one --jobs 1
expect 0 'all 2 expectations met' "$unroll" study own.toml --out two --jobs 2
for file in verdict.json own/results.csv own/series.csv; do
  cmp "one/$file" "two/$file" || fail "$file is not the same with 1 and 2 jobs"
done
[[ -s one/study.html && -s one/own/report.html ]] || fail 'no page'
for page in one/study.html one/own/report.html; do
  grep -q 'At length 4 the error falls below that of guessing' "$page" || fail "$page lacks the table"
done
"$unroll" report one/own >/dev/null || fail 'the report of a part cannot be written anew'
grep -q 'At length 4 the error falls below that of guessing' one/own/report.html || fail 'a new report lost the table'

# ---- an expectation that is not met
sed 's/at_most = 0.16/at_most = 1e-9/' own.toml >wrong.toml
expect 1 '1 of 2 expectations met' "$unroll" study wrong.toml --out wrong
expect 1 'NOT MET  At length 4' "$unroll" study wrong.toml --out wrong
sed 's/where = "task.length == 4"/where = "task.length == 5"/' own.toml >empty.toml
expect 2 'no trial of the part empty has task.length == 5' "$unroll" study empty.toml --out empty
[[ ! -e empty ]] || fail 'a study that cannot be judged was begun'
sed 's/measure = "best_loss"/measure = "best_los"/' own.toml >mistyped.toml
expect 2 'did you mean "best_loss"?' "$unroll" study mistyped.toml --out mistyped
[[ ! -e mistyped ]] || fail 'a study with a measure that there is not was begun'
expect 2 'did you mean "adding"' "$unroll" study addign
expect 2 'has no budget "smok"' "$unroll" study adding --budget smok

# ---- those of the program
mapfile -t names < <("$unroll" study --format json | grep -o '"study": "[^"]*"' | cut -d'"' -f4)
((${#names[@]} >= 5)) || fail "only ${#names[@]} studies are listed"
for name in "${names[@]}"; do
  "$unroll" study "$name" --budget smoke >"$name.txt" 2>"$name.err"
  status=$?
  [[ $status == 2 ]] && grep -q 'about data of yours' "$name.err" && continue
  [[ $status == 0 ]] || fail "$name exits with $status: $(tail -n 40 "$name.txt" "$name.err")"
  grep -q 'met$' "$name.txt" || fail "$name gives no verdict: $(tail -n 5 "$name.txt")"
done
expect 0 'smoke: ' "$unroll" study
"$unroll" study --write-results RESULTS.md || fail "writing the page of results exits with $?"
grep -q '^## adding: ' RESULTS.md || fail 'the page of results lacks a study'
cp RESULTS.md all.md
rm -r out/studies/adding
"$unroll" study --write-results RESULTS.md || fail "writing the page of results anew exits with $?"
cmp all.md RESULTS.md || fail 'what the page says of a study that has no folder any more was lost'
printf '%d studies at their smallest budget\n' "${#names[@]}"
