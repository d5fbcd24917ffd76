# What the fuzzing scripts share; sourced. FUZZ_SECONDS, 60 without it, is how long each looks.
set -eu
seconds=${FUZZ_SECONDS:-60}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$UNROLL_SOURCE_DIR"

fail() {
  echo "${0##*/}: $*" >&2
  exit 1
}
command -v clang++ >/dev/null || fail "no clang++ here (Debian: clang, libclang-rt-14-dev)"

# compile SANITIZERS SOURCE...: the sources of a target, which are all that it has of the project.
compile() {
  sanitizers=$1
  shift
  local source
  for source in "$@"; do
    clang++ -std=c++20 -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,"$sanitizers" \
      -fno-sanitize-recover=all -I. -w -c "$source" -o "$work/${source//\//_}.o" &
    while (($(jobs -rp | wc -l) >= $(nproc))); do wait -n; done
  done
  wait
}

# link LIBRARY...: what was compiled, as $work/fuzz.
link() { clang++ -fsanitize=fuzzer,"$sanitizers" "$work"/*.o "$@" -o "$work/fuzz"; }

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
