#!/bin/bash
# The readers of MIDI files and of piano rolls in JSON under libFuzzer, AddressSanitizer and
# UndefinedBehaviorSanitizer, from a few small files on.
source "$UNROLL_SOURCE_DIR/tests/scripts/support/fuzz.bash"

compile address,undefined experiments/data/piano_roll.cpp \
  experiments/data/formats/{midi_reader,midi_writer,piano_roll_json}.cpp experiments/config/json_field.cpp \
  tests/fuzz/music_fuzz.cpp
link -lfmt -lsimdjson -lportSMF

mkdir "$work/corpus"
# midi FORMAT TRACKS DIVISION EVENTS...: a track of each EVENTS, with its end.
midi() {
  printf 'MThd\0\0\0\6%b%b%b' "$1" "$2" "$3"
  shift 3
  local events
  for events in "$@"; do
    events+='\0\xff\x2f\0'
    printf 'MTrk\0\0\0%b' "\\x$(printf '%02x' "$(printf '%b' "$events" | wc -c)")"
    printf '%b' "$events"
  done
}
note='\0\x90\x3c\x40\x60\x80\x3c\x40'
midi '\0\0' '\0\1' '\0\x60' "$note" >"$work/corpus/one.mid"
midi '\0\1' '\0\2' '\1\xe0' '\0\xff\x51\3\7\xa1\x20\0\xff\x58\4\4\2\x18\x08' "$note\x83\x60\xb0\7\x64" >"$work/corpus/two.mid"
midi '\0\0' '\0\1' '\0\x60' '\0\x90\x3c\x40\x60\x3c\0\0\xf0\2\1\xf7\0\xf7\1\xf3\0\xff\1\2ab' >"$work/corpus/running.mid"
midi '\0\0' '\0\1' '\0\x60' '\0\xff\x51\0' >"$work/corpus/no-bytes.mid"
midi '\0\0' '\0\1' '\0\x60' '\0\x90\x3c\x40' >"$work/corpus/hanging.mid"
midi '\0\2' '\0\1' '\xe7\x28' "$note" >"$work/corpus/smpte.mid"
printf '{"train": [[[60, 64], []], [[21], [108]]], "valid": [[[60], [61]]], "test": [[[60], [60]]]}' >"$work/corpus/rolls.json"
cat >"$work/words" <<'WORDS'
"MThd\x00\x00\x00\x06"
"MTrk"
"\xff\x51\x03"
"\xff\x2f\x00"
"\x00\xff\x54\x00"
"\x00\xff\x58\x00"
"\xff\xff\xff\x7f"
"\"train\""
"\"valid\""
"\"test\""
"[[60], [61]]"
"1e3"
"18446744073709551616"
WORDS
search -rss_limit_mb=2048 -malloc_limit_mb=256 -max_len=4096
