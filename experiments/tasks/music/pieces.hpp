#pragma once

#include <string>
#include <vector>

#include "experiments/data/formats/midi.hpp"
#include "experiments/data/piano_roll.hpp"
#include "experiments/tasks/music/options.hpp"

namespace unroll {

/// Music on a grid of steps.
struct MusicPiece {
  std::string name;  ///< of its file, with its place in it
  std::vector<GridNote> notes;
  std::int64_t steps;
};

/// What is learned from, validated on and tested on.
struct MusicParts {
  std::vector<MusicPiece> training, validation, test;  ///< the last one may be empty
  std::int64_t percussion = 0;                         ///< notes left out: on the channel of percussion,
  std::int64_t off_piano = 0;                          ///< and those that no piano has
  std::int64_t other_files = 0;                        ///< in folders, which are no MIDI files
};

/// Reads the files and splits them. Throws DataError and ConfigError naming the file and the place in it.
MusicParts read_music(const TaskConfig& config);

/// The notes of a MIDI file on a grid: begin and end at the nearest step, at least one step long. Without
/// percussion, and what no piano has, both of which are counted in `left_out`.
MusicPiece piece_from(const MidiFile& music, std::string name, const Grid& grid, MusicParts& left_out);

/// MIDI of notes on a grid, `quarters_per_minute` of them (of a grid of seconds one a second).
MidiFile midi_of(const std::vector<GridNote>& notes, std::int64_t steps, const Grid& grid,
                 double quarters_per_minute);

}  // namespace unroll
