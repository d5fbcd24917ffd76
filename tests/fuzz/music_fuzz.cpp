#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>

#include "experiments/data/data_error.hpp"
#include "experiments/data/formats/midi.hpp"
#include "experiments/data/piano_roll.hpp"

// libFuzzer: whatever bytes are given as a MIDI file or as piano rolls in JSON, they are music that is
// written and read as the same, or a DataError.

using namespace unroll;

namespace {

void midi_of(std::string_view bytes) {
  for (const HangingNotes hanging : {HangingNotes::refused, HangingNotes::ended_with_track}) {
    const MidiFile music = read_midi(bytes, "fuzz", hanging);
    if (music.ticks_per_quarter <= 0 || music.notes.size() > bytes.size()) __builtin_trap();
    for (const MidiNote& note : music.notes)
      if (note.on < 0 || note.off < note.on || note.off > music.end || note.pitch < 0 || note.pitch > 127 ||
          note.channel < 0 || note.channel > 15)
        __builtin_trap();
    for (const TempoChange& tempo : music.tempi)
      if (tempo.microseconds <= 0 || tempo.tick > music.end) __builtin_trap();
    const TempoMap map(music);
    if (!(map.seconds_at(music.end) >= 0)) __builtin_trap();
  }
}

void rolls_of(std::string_view bytes) {
  const PianoRollParts parts = read_piano_rolls(bytes, "fuzz");
  for (const auto* part : {&parts.train, &parts.valid, &parts.test}) {
    if (part->empty()) __builtin_trap();
    for (const PianoRoll& roll : *part)
      if (roll.size() < 2 || roll_of(notes_of(roll), std::ssize(roll)) != roll) __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const auto read : {midi_of, rolls_of}) {
    try {
      read(bytes);
    } catch (const DataError&) {
    }
  }
  return 0;
}
