#!/bin/bash
# The parser and the inference of the equation language under libFuzzer and AddressSanitizer, from every good
# and bad cell on: FUZZ_SECONDS, 60 without it.
: "${FUZZ_SECONDS:=60}"
source "$UNROLL_SOURCE_DIR/tests/scripts/support/fuzz.bash"

compile() {
  clang++ -std=c++20 -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address -I. -w -c "$1" -o "$2"
}
for source in models/language/*.cpp models/language/functions/*.cpp models/nearest.cpp tests/fuzz/cell_fuzz.cpp; do
  compile "$source" "$work/$(basename "$source" .cpp).o" &
  while (($(jobs -rp | wc -l) >= $(nproc))); do wait -n; done
done
wait
# The library's objects hold several sources each, these among them: what was compiled here is taken.
clang++ -fsanitize=fuzzer,address -Wl,--allow-multiple-definition "$work"/*.o "$UNROLL_BINARY_DIR/libunroll.a" -lutf8proc -lxsmm -lopenblas \
  -ldnnl -lgomp -lfmt -lzip -lxxhash -ltbb -ldl -lpthread -o "$work/fuzz"

mkdir "$work/corpus"
cp models/cells/*.cell tests/data/cells_bad/*.cell "$work/corpus"
cat >"$work/words" <<'WORDS'
"cell "
"state "
"const "
"param "
"init "
"in ["
"fixed"
"pytorch "
"diagonal"
"skew"
"orthogonal"
"orthogonal_exp"
"heads("
"rate "
"def "
"repeat "
"axis="
"where("
"reshape("
"surrogate("
"noise"
"first"
"low_rank("
"learned"
"input s"
"feedback y"
"file(\"A.npy\")"
"file \"A.npy\" (2, 2) = 1 0 0 1"
"sigmoid("
"act("
"concat("
"outer("
"transpose("
"layer_norm("
"hidden"
"input"
"h' = "
WORDS
search -rss_limit_mb=4096 -max_len=2000
