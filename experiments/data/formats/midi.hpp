#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace unroll {

/// A note as a MIDI file has it, in ticks from the file's start.
struct MidiNote {
  std::int64_t on;
  std::int64_t off;  ///< at `on` or later
  int pitch;         ///< 0 to 127; 60 is middle C
  int channel = 0;   ///< 0 to 15

  bool operator==(const MidiNote&) const = default;
};

/// From a tick on.
struct TempoChange {
  std::int64_t tick;
  std::int64_t microseconds;  ///< of a quarter note, above 0

  bool operator==(const TempoChange&) const = default;
};

/// The channel of percussion, on which pitches are instruments (General MIDI's 10, counted from 0).
inline constexpr int percussion_channel = 9;
/// 120 quarter notes a minute, where a file says nothing.
inline constexpr std::int64_t default_tempo = 500'000;

/// What is kept of a standard MIDI file: the notes of all of its tracks together.
struct MidiFile {
  std::int64_t ticks_per_quarter;
  std::vector<MidiNote> notes = {};     ///< by on, then pitch, channel, off
  std::vector<TempoChange> tempi = {};  ///< by tick; of several at one tick the last one
  std::int64_t end = 0;                 ///< the tick at which the longest track ends

  bool operator==(const MidiFile&) const = default;
};

/// When ticks are: the tempo changes of a file, added up.
class TempoMap {
 public:
  explicit TempoMap(const MidiFile& music);
  /// From the file's start.
  double seconds_at(std::int64_t tick) const;

 private:
  struct Stretch {
    std::int64_t tick;
    double seconds;           ///< at that tick
    double seconds_per_tick;  ///< from there on
  };
  std::vector<Stretch> stretches_;
};

/// What becomes of notes that begin and never end.
enum class HangingNotes { refused, ended_with_track };

/// A standard MIDI file of format 0 or 1 (RP-001): running status, note-on of velocity 0 as note-off, chunks
/// of other kinds left out. Of a note that begins again before it has ended the first beginning ends first.
/// Throws DataError naming `file`, the track and the byte: for what is no MIDI file, format 2, time in SMPTE
/// frames, 0 ticks in a quarter note, a track that was cut, a tempo of 0, a note that never ends.
MidiFile read_midi(std::string_view bytes, const std::string& file,
                   HangingNotes hanging = HangingNotes::refused);

/// A file of format 0 that read_midi() makes the same of. Notes have velocity 80; times must rise, `end` be
/// none before the last note's.
std::string write_midi(const MidiFile& music);

}  // namespace unroll
