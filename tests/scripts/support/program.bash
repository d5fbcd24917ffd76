# Sourced: a folder of the test's own, with a space in its name, to work in; the program as $unroll; fail and expect.
set -u
work=$(mktemp -d "${TMPDIR:-/tmp}/unroll test.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
unroll=$UNROLL_PROGRAM

fail() {
  printf 'FAILED: %s\n' "$*"
  exit 1
}
# expect STATUS TEXT COMMAND...: what it exits with, and what stands in its output, which is kept in $work/output.
expect() {
  local status=$1 text=$2
  shift 2
  "$@" >"$work/output" 2>&1
  local found=$?
  [[ $found == "$status" ]] || fail "$* exits with $found, not $status: $(<"$work/output")"
  grep -qF -- "$text" "$work/output" || fail "$* does not say '$text': $(<"$work/output")"
}
