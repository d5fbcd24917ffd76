# What the fuzzing scripts share; sourced. FUZZ_SECONDS, 30 without it, is how long each looks.
set -eu
seconds=${FUZZ_SECONDS:-30}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$UNROLL_SOURCE_DIR"

fail() {
  echo "${0##*/}: $*" >&2
  exit 1
}
command -v clang++ >/dev/null || fail "no clang++ here (Debian: clang, libclang-rt-14-dev)"

# search FLAG...: runs $work/fuzz from $work/corpus on, with the dictionary $work/words, and shows what it finds.
search() {
  "$work/fuzz" -max_total_time="$seconds" -timeout=10 -dict="$work/words" -artifact_prefix="$work/" "$@" \
    "$work/corpus" >"$work/log" 2>&1 || {
    tail -60 "$work/log"
    for found in "$work"/crash-* "$work"/timeout-* "$work"/oom-* "$work"/leak-*; do
      [[ -f $found ]] && { echo "--- $found"; base64 "$found"; }
    done
    fail "the fuzzer found something"
  }
  tail -2 "$work/log"
}
