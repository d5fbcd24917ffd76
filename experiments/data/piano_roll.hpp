#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace unroll {

/// The keys of a piano, as MIDI's numbers of notes.
inline constexpr int lowest_note = 21, highest_note = 108;
inline constexpr int piano_keys = highest_note - lowest_note + 1;

/// Which keys sound in a step of time: bit k is the note lowest_note + k.
using Chord = std::bitset<piano_keys>;
using PianoRoll = std::vector<Chord>;

/// A note on a grid of steps.
struct GridNote {
  int pitch;           ///< lowest_note to highest_note
  std::int64_t first;  ///< the step in which it begins
  std::int64_t steps;  ///< at least 1

  std::int64_t end() const { return first + steps; }
  bool operator==(const GridNote&) const = default;
};

/// The notes of a roll, by first, then pitch: a key that sounds in several steps one after the other is one
/// note.
std::vector<GridNote> notes_of(const PianoRoll& roll);

/// The roll of so many steps; notes of one pitch that touch cannot be told apart in it.
PianoRoll roll_of(const std::vector<GridNote>& notes, std::int64_t steps);

/// Piano rolls in the three parts that published results are of.
struct PianoRollParts {
  std::vector<PianoRoll> train, valid, test;
};

/// JSON as the data sets of Boulanger-Lewandowski et al. 2012 come in: an object with train, valid and test,
/// each a list of sequences, a sequence a list of frames, a frame the list of the notes that sound, 21 to
/// 108. Throws DataError naming `file` and the place: another shape, an empty part, a sequence of less than
/// two frames, a note that is no integer or no piano's.
PianoRollParts read_piano_rolls(std::string_view json, const std::string& file);

}  // namespace unroll
