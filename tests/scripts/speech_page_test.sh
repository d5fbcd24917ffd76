#!/bin/bash
# The page on speech is true: its command makes its data, trains, hears what was said, and leaves a picture. Skipped
# where there are no espeak-ng and sox.
set -u
for needed in espeak-ng sox; do
  command -v "$needed" >/dev/null || { echo "SKIP: no $needed here"; exit 77; }
done
work=$(mktemp -d "${TMPDIR:-/tmp}/unroll speech.XXXXXX")
trap 'rm -rf "$work"' EXIT
fail() {
  printf 'FAILED: %s\n' "$*"
  exit 1
}

mkdir "$work/scripts"
ln -s "$UNROLL_PROGRAM" "$work/scripts/unroll"
ln -s "$UNROLL_SOURCE_DIR/experiments" "$work/experiments"
cd "$work" || exit
ran=0
while IFS= read -r command; do
  UNROLL_PROGRAM=$work/scripts/unroll bash -c "$command" >command.out 2>&1 </dev/null || fail "'$command' exits with $?: $(<command.out)"
  ran=$((ran + 1))
done < <(sed -n '/^```sh$/,/^```$/{/^```/d;p}' experiments/tasks/speech/README.md)
[[ $ran == 1 ]] || fail "the page has $ran commands, expected one"

# What it heard: of words by themselves the second column, of the string in their order.
heard() { awk -v file="$1" '$1 == file { print $2 }' command.out | tr '\n' ' '; }
[[ $(heard out/speech/one.wav) == 'stop ' ]] || fail "stop was heard as '$(heard out/speech/one.wav)': $(<command.out)"
[[ $(heard out/speech/two.wav) == 'right ' ]] || fail "right was heard as '$(heard out/speech/two.wav)': $(<command.out)"
[[ $(heard out/speech/strings.flac) == 'stop right left ' ]] ||
  fail "stop right left was heard as '$(heard out/speech/strings.flac)': $(<command.out)"
grep -q 'id="packed-recordings"' out/speech/heard.html || fail "no picture"
echo ok
