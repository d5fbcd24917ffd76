#!/bin/bash
# The reader of dates, and of the column of a table that has them, under libFuzzer, AddressSanitizer and
# UndefinedBehaviorSanitizer, from a few dates on.
source "$UNROLL_SOURCE_DIR/tests/scripts/support/fuzz.bash"

compile address,undefined framework/tensor/{file,large_pages,shape,tensor}.cpp models/nearest.cpp \
  experiments/config/text.cpp experiments/text/text.cpp experiments/data/formats/{csv_numbers,csv_table,gzip}.cpp \
  experiments/tasks/series/{dates,time_axis}.cpp tests/fuzz/dates_fuzz.cpp
link -lfmt -lz -lcsv -lutf8proc -lxxhash

mkdir "$work/corpus"
number=0
for date in 2024-01-31 2024-02 2024 20240131 2024-01-31T12:00 2024-01-31T12:00:59Z 2024-01-31T12:00:00.000+02:00 2024/01/31 31.01.2024 01/31/2024 \
  31/01/2024 31-Jan-2024 'Jan 2024' '2024-01-31 12:00' \
  2024Q1 'Q4 2024' 2024-W05 0024-W01 9999-W52 01/2024 2024.01.31; do
  printf '%s' "$date" >"$work/corpus/$((++number)).date"
  printf 'date,x\n%s,1\n' "$date" >"$work/corpus/$number.csv"
done
printf 'Month,x\n2023-11,1\n2023-12,2\n2024-02,4\n' >"$work/corpus/months.csv"
printf 'when;x\n31.01.2024;1\n29.02.2024;2\n31.03.2024;4\n' >"$work/corpus/ends.csv"
printf 'date,x\n2024-03-31T01:00+01:00,1\n2024-03-31T03:00+02:00,2\n' >"$work/corpus/summer.csv"
printf 't,x\n1,1\n3,2\n9007199254740992,4\n' >"$work/corpus/numbers.csv"
cat >"$work/words" <<'WORDS'
"date,"
"2024-02-29"
"-0001-01-01"
"9999-12-31"
"T23:59:60Z"
"+14:00"
"-23:59"
".000"
"Feb 2024"
"29-Feb-1900"
"-9007199254740992"
WORDS
search -rss_limit_mb=2048 -malloc_limit_mb=256 -max_len=512
