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

# Recordings of ten tones by six voices, and series with a season.
mkdir -p "$work/data/fsdd" "$work/data/timeseries"
(cd "$work/data" && python3 - <<'PYTHON') || fail "no data"
import io, math, struct, tarfile, wave
with tarfile.open('fsdd/recordings.tar.gz', 'w:gz') as tar:
    for voice, who in enumerate(['george', 'jackson', 'lucas', 'nicolas', 'theo', 'yweweler']):
        for digit in range(10):
            for take in (0, 1, 7, 8, 9):
                tones = [math.sin(t * (0.05 + 0.1 * digit) * (1 + voice / 40 + take / 400)) for t in range(800)]
                data = io.BytesIO()
                with wave.open(data, 'wb') as file:
                    file.setparams((1, 2, 8000, 0, 'NONE', ''))
                    file.writeframes(b''.join(struct.pack('<h', round(9000 * x)) for x in tones))
                entry = tarfile.TarInfo(f'recordings/{digit}_{who}_{take}.wav')
                entry.size = len(data.getvalue())
                tar.addfile(entry, io.BytesIO(data.getvalue()))
def table(name, head, times):
    with open(f'timeseries/{name}.csv', 'w') as file:
        file.write(head + '\n')
        for t, time in enumerate(times):
            file.write(f'{time},{200 + t / 9 + 50 * math.sin(t * math.pi / 6) + t * t * 7 % 13:.2f}\n')
months = lambda years: [f'{year}-{month:02d}' for year in years for month in range(1, 13)]
table('monthly-sunspots', 'Month,Sunspots', months(range(1800, 1860)))
table('airline-passengers', 'Month,Passengers', months(range(1949, 1961)))
import datetime
table('daily-min-temperatures', 'Date,Temp', [datetime.date(1981, 1, 1) + datetime.timedelta(d) for d in range(1500)])
PYTHON

export UNROLL_RESULTS_OUT=$work/out UNROLL_RESULTS_TABLE=$work/RESULTS.md
export UNROLL_RESULTS_SETTINGS="train.updates=4 train.validate_every=2 model.hidden=8 train.batch=4 train.validation_sequences=4 train.test_sequences=8"
results=$UNROLL_SOURCE_DIR/scripts/results
"$results" "$work/data" >"$work/log" 2>&1 || fail "it exits with $?: $(<"$work/log")"
[[ $(grep -cE '^\| .* \| ((at most|at least|below) [0-9.]+|[0-9.]+ to [0-9.]+) \| (yes|no).* \| .* (s|min) \|$' "$work/RESULTS.md") == $(grep -c '^\[\[row' "$UNROLL_SOURCE_DIR/experiments/configs/results/rows.toml") ]] ||
  fail "not every row: $(<"$work/RESULTS.md")"
grep -Eq '^\| Penn Treebank, LSTM .* \| test perplexity \| [0-9.]+ \| [0-9.]+ [0-9.]+ [0-9.]+ \|' "$work/RESULTS.md" ||
  fail "no three seeds with a median: $(<"$work/RESULTS.md")"
grep -q '5-gram' "$work/RESULTS.md" || fail "no n-grams: $(<"$work/RESULTS.md")"
grep -q '^seed 3 .*' "$work/RESULTS.md" && grep -q '^Of 3 models the one in the middle, seed [123]:' "$work/RESULTS.md" ||
  fail "no backtest: $(<"$work/RESULTS.md")"

# What the table says, computed another way: medians over seeds, of means over speakers; whether a bound is kept.
python3 - "$work" <<'PYTHON' || fail "wrong figures: $(<"$work/RESULTS.md")"
import csv, statistics, sys
work = sys.argv[1]
def trials(name):
    return list(csv.DictReader(open(f'{work}/out/{name}/results.csv')))
def row(start):
    return [line.split(' | ') for line in open(f'{work}/RESULTS.md') if line.startswith('| ' + start)]
heard = trials('speech_speakers')
assert len(heard) == 18
by_seed = {}
for one in heard:
    by_seed.setdefault(one['seed'], []).append(float(one['test_accuracy']))
means = [statistics.fmean(all) for all in by_seed.values()]
assert [len(all) for all in by_seed.values()] == [6, 6, 6]
cells = row('spoken digits, each speaker')[0]
assert cells[2] == f'{statistics.median(means):.4f}' and cells[3] == ' '.join(f'{x:.4f}' for x in means), (cells, means)
assert cells[5].startswith('yes' if statistics.median(means) >= 0.8 else 'no, '), cells
speakers = row('… ')
assert [one[0] for one in speakers] == ['| … ' + who for who in sorted({one['task.test_group'] for one in heard})]
george = [float(one['test_accuracy']) for one in heard if one['task.test_group'] == 'george']
assert speakers[0][2] == f'{statistics.median(george):.4f}', (speakers[0], george)
flights = trials('passengers')
of = lambda column: statistics.median(float(one[column]) for one in flights)
cells = row('airline passengers')[0]
assert cells[2] == f"{of('forecast_RMSE'):.3f}" and cells[4] == f"below {of('baseline_RMSE'):.3f}", cells
how = 100 * abs(of('forecast_RMSE') / of('baseline_RMSE') - 1)
wins = of('forecast_RMSE') < of('baseline_RMSE')
assert cells[5] == f"{'yes' if wins else 'no'}, {how:.1f} % {'less' if wins else 'more'}", (cells, how)
inside = row('airline passengers')[2]
assert inside[5] == ('yes' if 0.75 <= float(inside[2]) <= 0.85 else 'no'), inside
PYTHON

cp "$work/RESULTS.md" "$work/before"
records=$(cat "$work"/out/*/journal-*.jsonl | wc -l)
"$results" "$work/data" ptb_lstm >"$work/log" 2>&1 || fail "called again it exits with $?: $(<"$work/log")"
[[ $(cat "$work"/out/*/journal-*.jsonl | wc -l) == "$records" ]] || fail "a finished trial was trained again"
cmp -s "$work/before" "$work/RESULTS.md" || fail "the table changed: $(diff "$work/before" "$work/RESULTS.md")"

grep -q '^## Music' "$work/RESULTS.md" && grep -q 'Markov by key' "$work/RESULTS.md" || fail "no music: $(<"$work/RESULTS.md")"

# Rows that another machine trained stay as they are, notes of a person's too; what is trained here replaces its own.
sed -i 's/| test perplexity | [0-9.]* | /| test perplexity | 99.99 | /' "$work/RESULTS.md"
rm -r "$work"/out/ptb_* "$work"/out/shakespeare_* "$work"/out/speech_*
"$results" "$work/data" jsb_lstm >"$work/log" 2>&1 || fail "with one row it exits with $?: $(<"$work/log")"
[[ $(grep -c '| test perplexity | 99.99 | ' "$work/RESULTS.md") == $(grep -c '| test perplexity | ' "$work/before") ]] || fail "rows of other machines are lost: $(<"$work/RESULTS.md")"
for group in Music Speech Forecasts; do
  diff <(sed -n "/^## $group/,/^## /p" "$work/before") <(sed -n "/^## $group/,/^## /p" "$work/RESULTS.md") || fail "$group changed"
done
# Of a group of which one row was trained here the others stand, with what is below them.
"$results" "$work/data" speech_strings >"$work/log" 2>&1 || fail "with one row of speech it exits with $?: $(<"$work/log")"
diff <(grep -A 6 'each speaker left out' "$work/before") <(grep -A 6 'each speaker left out' "$work/RESULTS.md") || fail "speakers are lost"
for part in '/^\*\*spoken digits/,/^```$/p' '/^## Speech/,/^## /{/^    unroll/p}'; do
  diff <(sed -n "$part" "$work/before") <(sed -n "$part" "$work/RESULTS.md") || fail "what stands below the table is lost: $part"
done

said=$("$results" "$work/data" ptb_gru 2>&1) && fail "an unknown row is taken"
[[ $said == *'"ptb_gru"'*'mackey_glass and speed'* ]] || fail "an unknown row is refused with: $said"

"$results" "$work/nowhere" >"$work/log" 2>&1 && fail "a folder that is not there is taken"
echo ok
