#include "experiments/data/piano_roll.hpp"

#include <algorithm>
#include <tuple>

namespace unroll {

std::vector<GridNote> notes_of(const PianoRoll& roll) {
  std::vector<GridNote> notes;
  for (int key = 0; key < piano_keys; ++key)
    for (std::int64_t t = 0; t < std::ssize(roll); ++t) {
      if (!roll[static_cast<std::size_t>(t)][static_cast<std::size_t>(key)]) continue;
      const int pitch = lowest_note + key;
      const bool goes_on = !notes.empty() && notes.back().pitch == pitch && notes.back().end() == t;
      goes_on ? void(++notes.back().steps) : notes.push_back({pitch, t, 1});
    }
  std::ranges::sort(notes, {}, [](const GridNote& note) { return std::tuple(note.first, note.pitch); });
  return notes;
}

PianoRoll roll_of(const std::vector<GridNote>& notes, std::int64_t steps) {
  PianoRoll roll(static_cast<std::size_t>(steps));
  for (const GridNote& note : notes)
    for (std::int64_t t = note.first; t < std::min(note.end(), steps); ++t)
      roll[static_cast<std::size_t>(t)].set(static_cast<std::size_t>(note.pitch - lowest_note));
  return roll;
}

}  // namespace unroll
