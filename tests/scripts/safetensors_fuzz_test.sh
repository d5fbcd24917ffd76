#!/bin/bash
# The reader of safetensors files under libFuzzer and AddressSanitizer, from a few small files on.
source "$UNROLL_SOURCE_DIR/tests/scripts/support/fuzz.bash"

compile address framework/tensor/{safetensors,safetensors_header,file,large_pages,shape,tensor}.cpp \
  tests/fuzz/safetensors_fuzz.cpp
link -lfmt

mkdir "$work/corpus"
# seed NAME JSON BYTES: a file with this header and so many bytes of data.
seed() {
  {
    printf '%b' "$(printf '\\x%02x' $((${#2} % 256)) $((${#2} / 256)) 0 0 0 0 0 0)"
    printf '%s' "$2"
    head -c "$3" /dev/zero | tr '\0' '\300'
  } >"$work/corpus/$1"
}
seed none '{}' 0
seed metadata '{"__metadata__":{"format":"pt","k\u00e9":"v\n"}}' 0
seed scalar '{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}} ' 4
seed empty '{"a":{"dtype":"F32","shape":[0,3],"data_offsets":[0,0]},"b":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}' 8
seed types '{"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[1,3],"data_offsets":[4,10]}}' 10
cat >"$work/words" <<'WORDS'
"\"__metadata__\":{"
"\"dtype\":\"F32\""
"\"dtype\":\"F64\""
"\"dtype\":\"F16\""
"\"dtype\":\"BF16\""
"\"shape\":["
"\"data_offsets\":[0,"
"18446744073709551615"
"9223372036854775808"
"-1"
"1e3"
"\\u0000"
WORDS
search -rss_limit_mb=2048 -malloc_limit_mb=256 -max_len=4096
