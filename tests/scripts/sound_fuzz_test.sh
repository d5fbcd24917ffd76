#!/bin/bash
# The readers of recordings (WAV, FLAC, Ogg Vorbis) and of tars of them under libFuzzer, AddressSanitizer and
# UndefinedBehaviorSanitizer, from a few small files on.
source "$UNROLL_SOURCE_DIR/tests/scripts/support/fuzz.bash"

compile address,undefined models/nearest.cpp experiments/data/formats/archive.cpp \
  experiments/data/audio/{sound_file,wav_header}.cpp tests/fuzz/sound_fuzz.cpp
link -lfmt -lsndfile -larchive

mkdir "$work/corpus" "$work/set"
for bits in 8 16 24 32; do
  sox -n -r 8000 -c 1 -b $bits "$work/corpus/$bits.wav" synth 0.02 sine 500
done
sox -n -r 8000 -c 2 -b 16 "$work/corpus/stereo.wav" synth 0.02 sine 500 sine 700
sox -n -r 8000 -b 32 -e floating-point "$work/corpus/float.wav" synth 0.02 sine 500
sox -n -r 8000 -e mu-law "$work/corpus/mu_law.wav" synth 0.02 sine 500
sox -n -r 8000 -e ima-adpcm "$work/corpus/adpcm.wav" synth 0.02 sine 500
sox -n -r 8000 "$work/corpus/a.flac" synth 0.02 sine 500
sox -n -r 8000 "$work/corpus/a.ogg" synth 0.02 sine 500
cp "$work/corpus/8.wav" "$work/corpus/a.flac" "$work/set/"
for format in ustar gnu pax; do tar -C "$work/set" --format=$format -cf "$work/corpus/$format.tar" .; done
gzip -nk "$work/corpus/pax.tar"
cat >"$work/words" <<'WORDS'
"RIFF"
"RIFX"
"RF64"
"WAVE"
"fmt "
"data"
"fLaC"
"OggS"
"\x01vorbis"
"ustar\x00"
"../"
"\x1f\x8b\x08"
"\xff\xff\xff\xff"
WORDS
# Debian's libsndfile leaves some kilobytes of libvorbis behind when an Ogg file breaks off in its headers.
printf 'leak:libvorbis\nleak:libsndfile\nleak:libogg\n' >"$work/leaks"
export LSAN_OPTIONS=suppressions=$work/leaks:print_suppressions=0
search -rss_limit_mb=2048 -malloc_limit_mb=512 -max_len=16384
