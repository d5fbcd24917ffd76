#!/bin/bash
# Which commit a program says it is built from: the latest one that changed what it is made of; and the file that says
# so is written anew only where it would change.
set -u
command -v git >/dev/null || {
  echo 'SKIP: no git here'
  exit 77
}
work=$(mktemp -d "${TMPDIR:-/tmp}/unroll commit.XXXXXX")
trap 'rm -rf "$work"' EXIT
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null GIT_CEILING_DIRECTORIES=$work
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
root="$work/a b"
file=$work/source_commit.cpp
mkdir -p "$root/framework" "$root/tests" "$root/scripts/node_modules"

fail() {
  printf 'FAILED: %s\n' "$*"
  exit 1
}
says() {  # says EXPECTED [GIT]
  cmake -D root="$root" -D output="$file" -D git="${2-$(command -v git)}" \
    -P "$UNROLL_SOURCE_DIR/scripts/source_commit.cmake" || fail 'the script ends with an error'
  local found
  found=$(sed -n 's/.*return "\(.*\)".*/\1/p' "$file")
  [[ $found == "$1" ]] || fail "expected \"$1\", found \"$found\""
}
commit() { git -C "$root" add -A && git -C "$root" commit -qm "$1" && git -C "$root" rev-parse HEAD | cut -c1-12; }

says unknown
git -C "$root" -c init.defaultBranch=main init -q
says unknown  # no commit yet
echo 1 >"$root/framework/tensor.cpp"
first=$(commit first)
says "$first"
says unknown ''
says "$first"
touch -d '2020-01-01' "$file"
echo 1 >"$root/tests/tensor_test.cpp"
commit 'a test' >/dev/null
says "$first"
[[ $(stat -c %Y "$file") == "$(date -d 2020-01-01 +%s)" ]] || fail 'the file was written although nothing changed'
echo 2 >"$root/framework/tensor.cpp"
says "$first-changed"
second=$(commit second)
[[ $second != "$first" ]] || fail 'no second commit'
says "$second"
echo new >"$root/framework/new.cpp"
says "$second-changed"
rm "$root/framework/new.cpp"
echo installed >"$root/scripts/node_modules/x"
says "$second"

# The program says it.
said=$("$UNROLL_PROGRAM" --version)
[[ $said =~ ^'unroll '[0-9.]+' (commit '([0-9a-f]{12}(-changed)?|unknown)')'$ ]] || fail "--version says $said"
"$UNROLL_PROGRAM" run task.length=4 model.hidden=4 train.batch=2 train.updates=2 train.validate_every=2 \
  train.validation_sequences=4 train.test_sequences=4 'diagnose=[]' --out "$work/run" >/dev/null 2>&1 || fail 'no run'
told=${said#*(}
grep -Eq "^# begun 20[0-9]{2}-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-5][0-9] UTC, with the program of ${told%)}\$" \
  "$work/run/sweep.toml" || fail "sweep.toml begins with $(head -5 "$work/run/sweep.toml")"
grep -q "UTC, with the program of ${told%)}" "$work/run/report.html" || fail 'the report does not say it'
grep -rq 'with the program of' "$work/run/results.csv" "$work/run/series.csv" && fail 'it is in the results'
echo ok
