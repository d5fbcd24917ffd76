#!/bin/bash
# The table of results is made of what was trained, from texts of the right names, and a second call only writes it.
set -u
work=$(mktemp -d "${TMPDIR:-/tmp}/unroll results.XXXXXX")
trap 'rm -rf "$work"' EXIT
fail() {
  printf 'FAILED: %s\n' "$*"
  exit 1
}

mkdir -p "$work/data/tinyshakespeare" "$work/data/ptb" "$work/data/music"
part() { echo '[[[60, 64], [60], [62, 67], []], [[48], [50], [52], [53], [55]]]'; }
echo "{\"train\": $(part), \"valid\": $(part), \"test\": $(part)}" >"$work/data/music/jsb-chorales-quarter.json"
sentences() { for i in $(seq "$1"); do printf ' the %s counts to %d and on\n' "$([[ $((i % 3)) == 0 ]] && echo king || echo queen)" $((i % 7)); done; }
sentences 200 >"$work/data/tinyshakespeare/input.txt"
sentences 200 >"$work/data/ptb/ptb.train.txt"
sentences 40 >"$work/data/ptb/ptb.valid.txt"
sentences 30 >"$work/data/ptb/ptb.test.txt"

export UNROLL_RESULTS_OUT=$work/out UNROLL_RESULTS_TABLE=$work/RESULTS.md
export UNROLL_RESULTS_SETTINGS="train.updates=4 train.validate_every=2 model.hidden=8 train.batch=4 train.window=10"
results=$UNROLL_SOURCE_DIR/scripts/results
"$results" "$work/data" >"$work/log" 2>&1 || fail "it exits with $?: $(<"$work/log")"
[[ $(grep -c '^| .*| at most [0-9.]* | .* min |$' "$work/RESULTS.md") == $(grep -c '^\[\[row' "$UNROLL_SOURCE_DIR/experiments/configs/results/rows.toml") ]] ||
  fail "not every row: $(<"$work/RESULTS.md")"
grep -Eq '^\| Penn Treebank, LSTM .* \| test perplexity \| [0-9.]+ \| ([0-9.]+ ){3}' "$work/RESULTS.md" ||
  fail "no three seeds with a median: $(<"$work/RESULTS.md")"
grep -q '5-gram' "$work/RESULTS.md" || fail "no n-grams: $(<"$work/RESULTS.md")"

cp "$work/RESULTS.md" "$work/before"
records=$(cat "$work"/out/*/journal-*.jsonl | wc -l)
"$results" "$work/data" ptb_lstm >"$work/log" 2>&1 || fail "called again it exits with $?: $(<"$work/log")"
[[ $(cat "$work"/out/*/journal-*.jsonl | wc -l) == "$records" ]] || fail "a finished trial was trained again"
cmp -s "$work/before" "$work/RESULTS.md" || fail "the table changed: $(diff "$work/before" "$work/RESULTS.md")"

grep -q '^## Music' "$work/RESULTS.md" && grep -q 'Markov by key' "$work/RESULTS.md" || fail "no music: $(<"$work/RESULTS.md")"

# Rows that another machine trained stay as they are, notes of a person's too; what is trained here replaces its own.
sed -i 's/| test perplexity | [0-9.]* | /| test perplexity | 99.99 | /' "$work/RESULTS.md"
rm -r "$work"/out/ptb_* "$work"/out/shakespeare_*
"$results" "$work/data" jsb_lstm >"$work/log" 2>&1 || fail "with one row it exits with $?: $(<"$work/log")"
[[ $(grep -c '| test perplexity | 99.99 | ' "$work/RESULTS.md") == 2 ]] || fail "rows of other machines are lost: $(<"$work/RESULTS.md")"
diff <(sed -n '/^## Music/,/^## /p' "$work/before") <(sed -n '/^## Music/,/^## /p' "$work/RESULTS.md") || fail "the music changed"

said=$("$results" "$work/data" ptb_gru 2>&1) && fail "an unknown row is taken"
[[ $said == *'"ptb_gru"'*'jsb_lstm and speed'* ]] || fail "an unknown row is refused with: $said"

"$results" "$work/nowhere" >"$work/log" 2>&1 && fail "a folder that is not there is taken"
echo ok
