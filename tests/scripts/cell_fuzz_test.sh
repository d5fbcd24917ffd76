#!/bin/bash
# The parser and the inference of the equation language under libFuzzer and AddressSanitizer, from every good
# and bad cell on.
source "$UNROLL_SOURCE_DIR/tests/scripts/support/fuzz.bash"

compile address models/language/*.cpp models/language/functions/*.cpp models/nearest.cpp tests/fuzz/cell_fuzz.cpp
# The library's objects hold several sources each, these among them: what was compiled here is taken.
link -Wl,--allow-multiple-definition "$UNROLL_BINARY_DIR/libunroll.a" -lutf8proc -lxsmm -lopenblas -ldnnl -lgomp \
  -lfmt -lzip -lxxhash -ltbb -ldl -lpthread

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
