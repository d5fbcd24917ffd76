#!/bin/bash
# Music from the outside: the page's command, MIDI that another program reads, and what is wrong is said.
source "$UNROLL_SOURCE_DIR/tests/scripts/support/program.bash"
example=$UNROLL_SOURCE_DIR/experiments/tasks/music/example

# ---- the page's one command, as it stands there
page=$UNROLL_SOURCE_DIR/experiments/tasks/music/README.md
command=$(sed -n '/^```sh$/,/^```$/{/^```/d;p}' "$page")
[[ $command == './experiments/tasks/music/example '* ]] || fail "the page shows another command: $command"
export UNROLL_PROGRAM=$unroll
expect 0 'picture, real beside generated: out/music/rnn/report.html' "$example" out/music
loss() { sed -n "s/^  $1 .* \([0-9.]*\) *$/\1/p" output; }
awk -v net="$(loss 'best trial')" -v markov="$(loss 'Markov by key')" 'BEGIN { exit !(net > 0 && net < 0.8 * markov) }' ||
  fail "the net is no better than a Markov chain: $(<output)"
grep -q 'piano roll' out/music/rnn/report.html || [[ $(grep -c 'step of the music' out/music/rnn/series.csv) -gt 0 ]] ||
  fail 'no piano roll in the report'
grep -q 'piano roll,generated' out/music/rnn/series.csv || fail "no generated music: $(head -3 out/music/rnn/series.csv)"

# ---- generate: a seed is a piece; the model's own file is music to learn from
mkdir midi
cp out/music/generated.mid one.mid
expect 0 'written: two.mid, 8 bars' "$unroll" generate out/music/rnn --bars 8 --temperature 0.7 --seed 1 --out two.mid
cmp -s one.mid two.mid || fail 'the same seed makes other music'
expect 0 'written' "$unroll" generate out/music/rnn --bars 8 --temperature 0.7 --seed 2 --out midi/three.mid --tempo 90
cmp -s one.mid midi/three.mid && fail 'another seed makes the same music'
for seed in 4 5 6 7; do "$unroll" generate out/music/rnn --seed $seed --out midi/$seed.mid 2>err || fail "$(<err)"; done
expect 0 'written' "$unroll" generate out/music/rnn --prompt one.mid --bars 2 --out on.mid
expect 0 '4 pieces' "$unroll" run "$UNROLL_SOURCE_DIR/experiments/configs/music.toml" task.music=midi task.name=melody \
  train.updates=20 train.validate_every=10 --out tune
expect 0 'written' "$unroll" generate tune --bars 4 --out tune.mid
expect 0 'loss' "$unroll" evaluate out/music/rnn task.averaged_over=pieces

# ---- a reader of others' makes the same of it
python=/usr/bin/python3
if $python -c 'import mido' 2>/dev/null; then
  $python - <<'PYTHON' || fail 'another reader does not agree'
import mido
def notes(name):
    file, now, sounding, found = mido.MidiFile(name), 0, {}, []
    assert file.type == 0 and len(file.tracks) == 1
    for message in file.tracks[0]:
        now += message.time
        if message.type == 'note_on' and message.velocity > 0:
            assert message.note not in sounding
            sounding[message.note] = now
        elif message.type in ('note_off', 'note_on'):
            found.append((sounding.pop(message.note), now, message.note))
    assert not sounding and message.type == 'end_of_track'
    return file, found
file, found = notes('one.mid')
assert file.ticks_per_beat == 240 and found and all(21 <= pitch <= 108 for _, _, pitch in found)
assert all(on % 120 == 0 and off % 120 == 0 and on < off for on, off, _ in found)
assert abs(file.length - 8 * 4 * 60 / 120) < 1e-6, file.length
assert abs(notes('midi/three.mid')[0].length - 8 * 4 * 60 / 90) < 1e-3
# What it goes on from stands before it.
before = [one for one in notes('on.mid')[1] if one[1] < 8 * 4 * 240]
assert before == [one for one in found if one[1] < 8 * 4 * 240]
assert abs(notes('on.mid')[0].length - 10 * 4 * 60 / 120) < 1e-6
# One voice: no note begins before the last one has ended.
tune = sorted(notes('tune.mid')[1])
assert all(a[1] <= b[0] for a, b in zip(tune, tune[1:]))
PYTHON
else
  echo 'no mido here: the files were not read by another program'
fi

# ---- what is wrong
expect 2 'give the MIDI file to write as --out' "$unroll" generate out/music/rnn
expect 2 '--bars must be from 1' "$unroll" generate out/music/rnn --bars 0 --out never.mid
expect 2 '--temperature must be from 0' "$unroll" generate out/music/rnn --temperature -1 --out never.mid
expect 2 '--tempo must be from 10' "$unroll" generate out/music/rnn --tempo 0 --out never.mid
expect 2 '--length is for models that write text, but this one writes music' "$unroll" generate out/music/rnn --length 3 --out never.mid
expect 2 'nowhere/x.mid' "$unroll" generate out/music/rnn --out nowhere/x.mid
echo words >words.mid
expect 2 'words.mid: byte 0' "$unroll" generate out/music/rnn --prompt words.mid --out never.mid
[[ ! -e never.mid ]] || fail 'a refused command left a file'
head -c 60 one.mid >midi/cut.mid
expect 2 'midi/cut.mid: track 1' "$unroll" run "$UNROLL_SOURCE_DIR/experiments/configs/music.toml" task.music=midi --out never
[[ ! -e never ]] || fail 'a refused run left a folder'
mkdir empty
expect 2 'expected MIDI files (.mid, .midi) in this folder' "$unroll" run task.name=music task.music=empty --out never
expect 2 'expected a file, found a folder' "$unroll" run task.name=words task.text=midi --out never
expect 0 'report' "$unroll" run task.length=4 model.hidden=4 train.updates=2 train.validate_every=2 --out adding
expect 2 'trained on the task adding' "$unroll" generate adding --out never.mid
echo ok
