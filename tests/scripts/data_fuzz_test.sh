#!/bin/bash
# The readers of data files (.npy, .npz, IDX, CSV, gzip) under libFuzzer, AddressSanitizer and
# UndefinedBehaviorSanitizer, from a few small files on.
source "$UNROLL_SOURCE_DIR/tests/scripts/support/fuzz.bash"

compile address,undefined \
  framework/tensor/{stored_array,npy,npy_header,npy_type,npz_archive,npz_members,safetensors_header}.cpp \
  framework/tensor/{file,large_pages,shape,tensor}.cpp models/nearest.cpp experiments/config/text.cpp \
  experiments/text/text.cpp experiments/data/formats/{arrays,csv_numbers,csv_table,gzip,idx}.cpp tests/fuzz/data_fuzz.cpp
link -lfmt -lzip -lz -lcsv -lutf8proc -lxxhash

mkdir "$work/corpus"
# npy DESCR FORTRAN_ORDER SHAPE BYTES: an array whose elements are zeros and ones.
npy() {
  local header
  printf -v header '%-117s' "{'descr': '$1', 'fortran_order': $2, 'shape': $3, }"
  printf '\x93NUMPY\x01\x00\x76\x00%s\n' "$header"
  head -c "$4" /dev/zero | tr '\0' '\1'
}
idx() { printf '%b' '\0\0\x08\2\0\0\0\2\0\0\0\3abcdef'; }
for type in '|b1' '|i1' '<i2' '>i4' '<i8' '|u1' '>u2' '<u4' '>u8' '<f2' '<f4' '>f8'; do
  npy "$type" False '(2, 3)' $((6 * ${type:2})) >"$work/corpus/${type:1}.npy"
done
npy '<f4' True '(2, 1, 3)' 24 >"$work/corpus/fortran.npy"
npy '<f4' False '()' 4 >"$work/corpus/scalar.npy"
npy '<f4' False '(0, 3)' 0 >"$work/corpus/empty.npy"
idx >"$work/corpus/idx"
idx | gzip -n >"$work/corpus/idx.gz"
{ idx | head -c 5 | gzip -n; idx | tail -c +6 | gzip -n; } >"$work/corpus/parts.gz"
printf 'a,b\n1,"2"\n"3\n",4.5\r\nNA,\n' >"$work/corpus/table.csv"
printf '1\t-2e3\n3\t4\n' >"$work/corpus/numbers.tsv"
printf '\xef\xbb\xbfx;"y ""z"""\n1,5;16777217\n\n' | gzip -n >"$work/corpus/table.csv.gz"
base64 -d >"$work/corpus/two.npz" <<'NPZ'
UEsDBBQAAAAIAAAAIQAb+n1hTAAAAIYAAAAFABQAeC5ucHkBABAAhgAAAAAAAABMAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6l
oF5Taqiuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GsY6CkaaOgq1CmQDLgZGJmYWVgBQSwMEFAAAAAgAAAAhAHTWrGtK
AAAAkAAAAAUAFAB5Lm5weQEAEACQAAAAAAAAAEoAAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgbpNmoa6joJ6WX1RSlJgXn1+U
kgoSd0vMKU4FihdnJBakAvkaRjqaOgq1ChQALgYw+GAPowFQSwECFAMUAAAACAAAACEAG/p9YUwAAACGAAAABQAAAAAAAAAAAAAA
gAEAAAAAeC5ucHlQSwECFAMUAAAACAAAACEAdNasa0oAAACQAAAABQAAAAAAAAAAAAAAgAGDAAAAeS5ucHlQSwUGAAAAAAIAAgBm
AAAABAEAAAAA
NPZ
cat >"$work/words" <<'WORDS'
"'descr': '<f4'"
"'descr': '>i8'"
"'descr': '|u1'"
"'descr': '|O'"
"'fortran_order': True"
"'shape': ("
"9223372036854775807"
"\x93NUMPY\x01\x00"
"\x93NUMPY\x02\x00"
"PK\x01\x02"
"PK\x03\x04"
"PK\x05\x06"
"PK\x06\x06"
"PK\x06\x07"
"\x1f\x8b\x08"
"\x00\x00\x0d\x03"
"\"\""
"NA"
"nan"
"1e39"
"\xef\xbb\xbf"
WORDS
search -rss_limit_mb=2048 -malloc_limit_mb=256 -max_len=4096
