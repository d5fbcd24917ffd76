#pragma once

#include <cstdint>
#include <vector>

#include "experiments/tasks/music/pieces.hpp"
#include "experiments/text/vocabulary.hpp"

namespace unroll {

/// What happens in a step of a melody: nothing sounds, the note before goes on, or a note begins: its pitch
/// is first_pitch_token + (pitch - lowest_note).
inline constexpr std::int64_t rest_token = 0, hold_token = 1, first_pitch_token = 2;
inline constexpr std::int64_t melody_tokens = first_pitch_token + piano_keys;

/// "rest", "hold", "21" to "108".
Vocabulary melody_vocabulary();

/// The highest note of each step, as tokens: the melody of a piece with several voices, as mostly heard.
std::vector<std::int64_t> melody_of(const MusicPiece& piece);

/// The notes of a melody; a hold behind a rest is a rest.
std::vector<GridNote> notes_of_melody(const std::vector<std::int64_t>& tokens);

}  // namespace unroll
