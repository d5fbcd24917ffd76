#!/bin/bash
# The task `file` from the outside: a run for each form of data, with paths as a user types them, and bad data.
source "$UNROLL_SOURCE_DIR/tests/scripts/support/program.bash"

small=(model.hidden=4 train.updates=20 train.validate_every=10 train.batch=4)

# ---- a table as one series: in pieces, and in streams
awk 'BEGIN { print "day,temp"; for (i = 0; i < 300; i++) printf "d%d,%.3f\n", i, sin(i / 5) }' >waves.csv
expect 0 '270 steps to train on' "$unroll" run task.name=file task.data=waves.csv task.target=next "${small[@]}" --out next
grep -qF 'columns that are no numbers are not read: day' output || fail "nothing is said of the text: $(<output)"
grep -qF 'last value' output || fail "no persistence: $(<output)"
grep -qF 'to forecast it instead, with dates, intervals and baselines: task.name=series' output || fail "series is not named: $(<output)"
# The scaling is kept with the model: it reads more of the same table, and answers in the data's unit.
awk 'BEGIN { print "temp,day"; for (i = 0; i < 30; i++) printf "%.3f,d%d\n", 20 + 3 * sin(i / 5), i }' >more.csv
sed -n 's/^d[0-9]*,//p' waves.csv | awk 'BEGIN { print "day,temp" } { printf "d%d,%.3f\n", NR, 20 + 3 * $1 }' >warm.csv
expect 0 'report:' "$unroll" run task.name=file task.data=warm.csv task.target=next "${small[@]}" --out warm
expect 0 'outputs' "$unroll" states warm --data more.csv --out states.npz --values h
"$unroll" predict warm --data more.csv --format csv >answers.csv || fail 'no answers'
python3 - <<'PYTHON' || fail 'scaling that is kept'
import csv, io, re, statistics, struct, zipfile
def array(name):
    data = zipfile.ZipFile('states.npz').read(name + '.npy')
    length = struct.unpack('<H', data[8:10])[0]
    return struct.unpack('<%df' % ((len(data) - 10 - length) // 4), data[10 + length:])
text = open('warm/model.toml').read()
kept = {key: float(re.search(key + r' = \[([^\]]*)\]', text)[1])
        for key in ('input_offset', 'input_unit', 'target_offset', 'target_unit')}
learned = [float(line.split(',')[1]) for line in open('warm.csv').readlines()[1:271]]
assert abs(kept['input_offset'] - statistics.fmean(learned)) < 1e-5, kept
assert abs(kept['input_unit'] - statistics.pstdev(learned)) < 1e-5, kept
assert kept['target_offset'] == kept['input_offset'] and kept['target_unit'] == kept['input_unit'], kept
read = [float(line.split(',')[0]) for line in open('more.csv').readlines()[1:]]
for x, scaled in zip(read, array('inputs'), strict=True):
    assert abs((x - kept['input_offset']) / kept['input_unit'] - scaled) < 1e-5, (x, scaled)
answers = [float(row['output']) for row in csv.DictReader(open('answers.csv'))]
for y, scaled in zip(answers, array('outputs'), strict=True):
    assert abs(scaled * kept['target_unit'] + kept['target_offset'] - y) < 1e-5, (y, scaled)
PYTHON
printf 'tmp\n1\n2\n' >other.csv
expect 2 'which the model learned from; did you mean "tmp"' "$unroll" predict warm --data other.csv
printf '20.5\n21\n22\n' >unnamed.csv
expect 0 'output' "$unroll" predict warm --data unnamed.csv
expect 0 'report:' "$unroll" run task.name=file task.data=waves.csv task.target=next task.window=0 train.window=10 \
  "${small[@]}" --out streams
grep -qF 'task.name=series' output && fail "series, which carries no states, is named: $(<output)"
expect 2 'train.window' "$unroll" run task.name=file task.data=waves.csv task.target=next task.window=0 "${small[@]}" --out never
[[ ! -e never ]] || fail 'a refused run left a folder'

# ---- a table of sequences, and a class for each
awk 'BEGIN { print "who,x,kind"; for (n = 0; n < 30; n++) for (t = 0; t < 2 + n % 3; t++) print "s" n "," t ",", n % 2 }' |
  tr -d ' ' >many.csv
expect 0 'one of 2 classes is predicted for each sequence' "$unroll" run task.name=file task.data=many.csv task.sequence=who \
  task.target=kind "${small[@]}" --out many

# ---- IDX images with labels in a file of their own: rows, then pixels in another order
python3 - <<'PYTHON'
import gzip, struct
def idx(name, shape, data):
    with gzip.open(name, 'wb') as file:
        file.write(struct.pack('>BBBB', 0, 0, 8, len(shape)) + struct.pack('>%dI' % len(shape), *shape) + bytes(data))
idx('images.gz', (40, 3, 4), [(17 * i) % 256 for i in range(480)])
idx('labels.gz', (40,), [i % 2 for i in range(40)])
idx('few.gz', (39,), [i % 2 for i in range(39)])
PYTHON
images=(task.name=file task.train_data=images.gz task.target_data=labels.gz task.test_data=images.gz task.test_target_data=labels.gz)
expect 0 'inputs divided by 255' "$unroll" run "${images[@]}" "${small[@]}" --out rows
expect 0 'of 12 steps' "$unroll" run "${images[@]}" task.steps=pixels task.permute=5 "${small[@]}" --out pixels
# A model of pixels in another order reads images as they are: as many right answers as `evaluate` counts.
"$unroll" predict pixels --data images.gz --format csv >answers.csv || fail 'no answers'
"$unroll" evaluate pixels --format csv >metrics.csv || fail 'no metrics'
python3 - <<'PYTHON' || fail 'images that were read in order'
import csv
wrong = [int(row['class']) != i % 2 for i, row in enumerate(csv.DictReader(open('answers.csv')))]
errors = [float(row['value']) for row in csv.DictReader(open('metrics.csv')) if 'error' in row['metric']]
assert len(wrong) == 40 and any(abs(sum(wrong) / 40 - error) < 1e-6 for error in errors), (sum(wrong), errors)
PYTHON
expect 0 'error' "$unroll" evaluate rows task.test_data=images.gz task.test_target_data=labels.gz
expect 2 'few.gz' "$unroll" run task.name=file task.data=images.gz task.target_data=few.gz "${small[@]}" --out never

# ---- the same bytes elsewhere are the same trial; others are another
mkdir copies && cp waves.csv copies/renamed.csv
expect 0 'report:' "$unroll" run task.name=file task.data=copies/renamed.csv task.target=next "${small[@]}" --out next
sed -i '$s/.*/d299,9.5/' copies/renamed.csv
expect 2 'task.data' "$unroll" run task.name=file task.data=copies/renamed.csv task.target=next "${small[@]}" --out next

# ---- what is wrong is said, with its place
expect 2 'waves.csv' "$unroll" run task.name=file task.data=waves.csv task.target=tmp "${small[@]}" --out never
grep -qF 'did you mean "temp"' output || fail "no nearest name: $(<output)"
printf 'x\n1\n\n3\n4,5\n' >ragged.csv
expect 2 'ragged.csv, line' "$unroll" run task.name=file task.data=ragged.csv task.target=next "${small[@]}" --out never
printf 'x\n1\nNA\n3\n4\n5\n6\n7\n8\n9\n10\n11\n' >gap.csv
expect 2 'gap.csv, line 3, column "x"' "$unroll" run task.name=file task.data=gap.csv task.target=next "${small[@]}" --out never
head -c 40 images.gz >cut.gz
expect 2 'cut short' "$unroll" run task.name=file task.data=cut.gz task.target_data=labels.gz "${small[@]}" --out never
expect 2 'task.data' "$unroll" run task.name=file "${small[@]}" --out never
[[ ! -e never ]] || fail 'a refused run left a folder'

echo 'the file task: all forms run, bad data are refused'
