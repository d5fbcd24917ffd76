#!/bin/bash
# Language models from the outside: train, predict, generate, score; stop and go on; what is wrong is said.
source "$UNROLL_SOURCE_DIR/tests/scripts/support/program.bash"
configs=$UNROLL_SOURCE_DIR/experiments/configs

valid_json() { python3 -m json.tool "$1" >/dev/null || fail "not JSON: $(<"$1")"; }
# first MODEL TEXT: the likeliest next token.
first() { "$unroll" predict "$1" --text "$2" --top 1 --format csv 2>/dev/null | sed -n '2s/,.*//p'; }

# ---- the textbook's example: a place for each subject, whatever stands between
declare -A place=([cat]=mat [dog]=rug [hen]=nest [frog]=log [king]=throne [owl]=branch [judge]=bench [rider]=horse)
adverbs=(again alone calmly gladly here just later meekly now often once quietly still somehow then today)
for cell in vanilla lstm; do
  expect 0 'best trial' "$unroll" run "$configs/cat.toml" model.cell="$cell" --out "$cell"
  [[ -s $cell/model.safetensors && -s $cell/model.toml ]] || fail "no model in $cell"
  [[ ! -e $cell/trials ]] || fail "a checkpoint is left in $cell"
  right=0 asked=0
  for subject in "${!place[@]}"; do
    found=$(first "$cell" "The $subject sat on the ___")
    [[ $found == "${place[$subject]}" ]] || fail "$cell: the $subject sat on the $found"
    for i in {0..7}; do
      one=${adverbs[$(((i * 5 + asked) % 16))]} two=${adverbs[$(((i * 3 + asked / 2) % 16))]}
      found=$(first "$cell" "The $subject $one $two sat on the ___")
      asked=$((asked + 1))
      [[ $found != "${place[$subject]}" ]] || right=$((right + 1))
    done
  done
  ((right * 100 >= asked * 95)) || fail "$cell: $right of $asked places with 5 words between"
done
model=vanilla

# ---- predict: data on stdout, words that it does not know on stderr
"$unroll" predict $model --text 'The zebra quietly sat on the ___' --top 3 --format json >out.json 2>err ||
  fail "predict: $(<err)"
valid_json out.json
[[ $(grep -c '"token"' out.json) == 3 ]] || fail 'not three tokens'
grep -q '"zebra"' err || fail "zebra is not named: $(<err)"
[[ $(grep -c '' err) == 1 ]] || fail "more than the unknown word on stderr: $(<err)"
! grep -q zebra out.json || fail 'zebra on stdout'
printf 'The cat sat on the\n' | "$unroll" predict $model --text - --top 1 --format csv >out.csv 2>err ||
  fail 'predict from standard input'
grep -q '^mat,' out.csv || fail "$(<out.csv)"
[[ ! -s err ]] || fail "on stderr: $(<err)"
expect 0 mat "$unroll" predict $model/model.toml --text 'The cat sat on the'
expect 0 The "$unroll" predict $model --text '___' --top 1

# ---- a blank with text behind it: the place says who sat there
for subject in "${!place[@]}"; do
  for text in "The ___ sat on the ${place[$subject]} ." "The ___ sat on the ${place[$subject]}." \
    "The __ quietly sat on the ${place[$subject]}"; do
    found=$(first $model "$text")
    [[ $found == "$subject" ]] || fail "$text: the $found, not the $subject"
  done
  for text in "The $subject sat on the ___." "The $subject sat on the ___ ." "The $subject now sat on the____."; do
    "$unroll" predict $model --text "$text" --format csv >out.csv 2>err || fail "$text: $(<err)"
    [[ ! -s err ]] || fail "$text: $(<err)"
    [[ $(sed -n '2s/,.*//p' out.csv) == "${place[$subject]}" ]] || fail "$text: $(<out.csv)"
  done
done
"$unroll" predict $model --text 'The ___ sat on the mat .' --top 1000 --format json >out.json && valid_json out.json
python3 - <<'PYTHON' || fail "a blank's probabilities: $(<out.json)"
import json
p = {row["token"]: row["probability"] for row in json.load(open("out.json"))}
assert abs(sum(p.values()) - 1) < 1e-9, p
assert p["<unk>"] == p["<eos>"] == 0, p
PYTHON
expect 0 '"zebra"' "$unroll" predict $model --text 'The ___ sat on the zebra.'
expect 2 'the text has 2 blanks' "$unroll" predict $model --text 'The ___ sat on the ___ .'
expect 2 'generate goes on behind a text' "$unroll" generate $model --prompt 'The ___ sat on'
expect 0 'characters the blank is one character' "$unroll" predict --help
expect 2 'what is the model asked?' "$unroll" predict $model
expect 2 '--top must be at least 1' "$unroll" predict $model --text x --top 0
expect 2 'unknown format' "$unroll" predict $model --text x --format xml

# ---- generate: a seed is a text
"$unroll" generate $model --length 200 --seed 5 >one.txt 2>err || fail "generate: $(<err)"
[[ ! -s err ]] || fail "on stderr: $(<err)"
"$unroll" generate $model --length 200 --seed 5 >two.txt
cmp one.txt two.txt || fail 'one seed, two texts'
"$unroll" generate $model --length 200 --seed 6 >three.txt
! cmp -s one.txt three.txt || fail 'two seeds, one text'
! grep -q '<unk>' one.txt || fail '<unk> was generated'
"$unroll" generate $model --prompt 'The owl sat on' --length 3 --temperature 0 >owl.txt
[[ $(<owl.txt) == 'The owl sat on the branch.' ]] || fail "$(<owl.txt)"
printf 'The king sat on the\n' | "$unroll" generate $model --prompt - --length 1 --top-k 1 >king.txt
[[ $(<king.txt) == 'The king sat on the throne' ]] || fail "$(<king.txt)"
"$unroll" generate $model --length 9 --top-p 0.5 --format json >out.json && valid_json out.json
expect 2 '--temperature must be' "$unroll" generate $model --temperature -1
expect 2 '--top-p must be' "$unroll" generate $model --top-p 0
expect 2 '--length must be' "$unroll" generate $model --length 0
expect 2 '--seed: expected an integer from 0 to 2^64 - 1, found "-1"' "$unroll" generate $model --seed -1

# ---- score: a summary, or what each token costs
printf 'The cat sat on the mat .\nThe dog now sat on the rug .\n' >good.txt
sed 's/mat/rug/; t; s/rug/mat/' good.txt >bad.txt
"$unroll" score $model good.txt --format json >good.json 2>err || fail "score: $(<err)"
"$unroll" score $model bad.txt --format json >bad.json
valid_json good.json
python3 - <<'PYTHON' || fail "scores: $(<good.json) $(<bad.json)"
import json, math
good, bad = (json.load(open(name))[0] for name in ("good.json", "bad.json"))
assert good["tokens"] == 17 and good["unknown"] == good["share unknown"] == 0, good
nats = good["nats per word"]
assert abs(good["bits per word"] - nats / math.log(2)) < 1e-9
assert abs(good["perplexity per word"] - math.exp(nats)) < 1e-6 * math.exp(nats)
assert nats + 0.3 < bad["nats per word"], "the right places cost no less"
PYTHON
"$unroll" score $model - --format json <good.txt | cmp - good.json || fail 'standard input has another score'
"$unroll" score $model good.txt --per-token --format csv >tokens.csv
[[ $(grep -c '' tokens.csv) == 18 ]] || fail "not a row for each token: $(<tokens.csv)"
"$unroll" score $model good.txt --per-token --format json >out.json && valid_json out.json
printf 'The zebra sat on the zebra .\n' | "$unroll" score $model - --format json >out.json 2>err
valid_json out.json
grep -q '"share unknown": 0.25,' out.json || fail "2 of 8 tokens are unknown: $(<out.json)"
[[ $(grep -o zebra err | grep -c '') == 1 ]] || fail "zebra is not named once: $(<err)"
expect 2 'nothing.txt' "$unroll" score $model nothing.txt
expect 2 "expected a model's folder and a file" "$unroll" score $model

# ---- models that cannot answer, and what is none
expect 0 report "$unroll" run task.length=10 train.updates=3 train.validation_sequences=20 --out adding
for question in 'predict adding --text one' 'generate adding' 'score adding good.txt'; do
  # shellcheck disable=SC2086
  expect 2 'trained on the task adding, whose inputs are vectors: it reads no text' "$unroll" $question
done
expect 2 'no section [saved]' "$unroll" predict "$configs/cat.toml" --text x
expect 2 nowhere "$unroll" predict nowhere --text x
cp -r $model damaged
truncate -s 1000 damaged/model.safetensors
expect 2 model.safetensors "$unroll" predict damaged --text x

# ---- texts that cannot be learned from
awk 'BEGIN { srand(3); for (i = 0; i < 3000; ++i) { for (k = 0; k < 9; ++k) { r = int(rand() * 30);
  printf "w%d ", (r * r + last) % 41; last = r }; print "." } }' >text.txt
: >empty.txt
printf 'abc def\nghi\xff jkl\n' >latin.txt
printf 'few words\n' >short.txt
printf 'one one one one one one\n' >single.txt
printf 'quite other things\n' >strange.txt
small=(task.name=words model.hidden=16 train.batch=8 train.window=10 train.updates=400 train.validate_every=50)
expect 2 'empty.txt' "$unroll" run "${small[@]}" task.text=empty.txt
expect 2 'UTF-8' "$unroll" run "${small[@]}" task.text=latin.txt
grep -q 'latin.txt.*11' output || fail "no offset of the byte: $(<output)"
expect 2 'there is no file "missing.txt"' "$unroll" run "${small[@]}" task.text=missing.txt
expect 2 'learns from a text' "$unroll" run "${small[@]}"
expect 2 'short.txt' "$unroll" run "${small[@]}" task.text=short.txt
expect 2 'train.window is 10 steps' "$unroll" run "${small[@]}" task.text=good.txt
expect 2 'single.txt' "$unroll" run "${small[@]}" task.text=single.txt
expect 2 'strange.txt' "$unroll" run "${small[@]}" task.text=text.txt task.validation_text=strange.txt
[[ ! -e out ]] || fail 'a refused run left a folder'

# ---- stopped and gone on with: the bits of a run that was not
long=(task.name=words task.text=text.txt model.hidden=48 model.layers=2 model.dropout_output=0.2 model.zoneout=0.1
  train.batch=8 train.window=10 train.updates=12000 train.validate_every=2000 train.checkpoint_seconds=0.05)
expect 0 'best trial' "$unroll" run "${long[@]}" --out whole
# stop_after_a_checkpoint SIGNAL FOLDER: leaves its exit status in `status`.
stop_after_a_checkpoint() {
  "$unroll" run "${long[@]}" --out "$2" >output 2>&1 &
  local process=$! waited=0
  until compgen -G "$2/trials/*/checkpoint.safetensors" >/dev/null; do
    kill -0 $process 2>/dev/null || fail "$2 ended too early: $(<output)"
    ((waited++ < 1000)) || fail "$2: no checkpoint"
    sleep 0.02
  done
  sleep 0.1
  kill -"$1" $process
  { wait $process; } 2>/dev/null # without the shell's "Killed"
  status=$?
}
stop_after_a_checkpoint INT interrupted
[[ $status == 130 ]] || fail "an interrupted run exits with $status: $(<output)"
grep -q 'the same command continues' output || fail "$(<output)"
[[ -e interrupted/unfinished/model.toml && ! -e interrupted/model.toml ]] || fail 'an unfinished model passes for a finished one'
stop_after_a_checkpoint KILL killed
[[ $status == 137 ]] || fail "a killed run exits with $status"
stop_after_a_checkpoint KILL killed # and once more
for folder in interrupted killed; do
  expect 0 'best trial' "$unroll" run "${long[@]}" --out $folder
  cmp whole/model.safetensors $folder/model.safetensors || fail "$folder: another model"
  cmp whole/results.csv $folder/results.csv || fail "$folder: other results"
  cmp <(grep -v '^#' whole/model.toml) <(grep -v '^#' $folder/model.toml) || fail "$folder: another model.toml"
  [[ ! -e $folder/trials && ! -e $folder/unfinished ]] || fail "$folder: something unfinished is left"
done

# ---- one that is paused for long is taken over; when it goes on and is stopped, the finished model stays
stop_after_a_checkpoint STOP paused &
paused=$!
until [[ $(ps -o stat= --ppid $paused) == *T* ]]; do
  kill -0 $paused || fail "paused: it ended before it was stopped: $(<output)"
  sleep 0.02
done
expect 0 'best trial' "$unroll" run "${long[@]}" --takeover-after 1 --out paused
cmp whole/model.safetensors paused/model.safetensors || fail 'paused: another model'
pkill -CONT -P $paused
sleep 0.2
pkill -INT -P $paused
wait $paused
expect 0 'best trial' "$unroll" run "${long[@]}" --out paused
cmp whole/model.safetensors paused/model.safetensors || fail 'the finished model was replaced by an unfinished one'
cmp whole/results.csv paused/results.csv || fail 'paused: other results'
[[ ! -e paused/trials && ! -e paused/unfinished ]] || fail 'paused: something unfinished is left'

# ---- model.toml is a config to run again: the same trial, the same bits
expect 0 'best trial' "$unroll" run whole/model.toml train.checkpoint_seconds=0.05 --out again
cmp whole/model.safetensors again/model.safetensors || fail 'model.toml trains another model'
cmp whole/results.csv again/results.csv || fail 'model.toml is another trial'
cmp <(grep -v '^#' whole/model.toml) <(grep -v '^#' again/model.toml) || fail 'another model.toml'
expect 0 'best trial' "$unroll" run $model/model.toml --out $model # the trial is done already
"$unroll" run "${long[@]}" --out whole 2>&1 | grep -q '% unknown' || fail 'no share of unknown tokens'

# ---- a finished folder needs its text no more; its model never did
mv text.txt moved.txt
expect 0 done "$unroll" status whole
expect 0 report "$unroll" report whole
expect 0 w "$unroll" predict whole --text 'w1 w2'
sed -n 1,20p moved.txt >part.txt
expect 0 perplexity "$unroll" score whole part.txt
expect 2 'there is no file "text.txt"' "$unroll" run "${long[@]}" --out whole
moved=("${long[@]/=text.txt/=moved.txt}")
expect 0 'best trial' "$unroll" run "${moved[@]}" --out whole # the same text elsewhere
printf 'one more line .\n' >>moved.txt
expect 2 'another config' "$unroll" run "${moved[@]}" --out whole
grep -q 'task.text: .*/text.txt in the output folder, .*/moved.txt in this config' output || fail "$(<output)"

# ---- characters
expect 0 'per character' "$unroll" run task.name=characters task.text=moved.txt model.hidden=16 train.batch=8 \
  train.updates=200 train.validate_every=100 --out characters
expect 0 'bits per character' "$unroll" score characters part.txt
[[ $("$unroll" generate characters --prompt 'w1 ' --length 40 | head -c 3) == 'w1 ' ]] || fail 'the prompt is lost'
expect 0 '"Z"' "$unroll" predict characters --text 'w1 Z'
"$unroll" predict characters --text 'w1 ___1 w' --top 1 --format csv >out.csv 2>err || fail "a blank: $(<err)"
[[ ! -s err ]] || fail "on stderr: $(<err)"
[[ $(sed -n '2s/,.*//p' out.csv) == w ]] || fail "a character in a blank: $(<out.csv)"
printf 'ok\n'
