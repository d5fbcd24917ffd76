#include "experiments/tasks/music/melody.hpp"

#include <fmt/format.h>

namespace unroll {
namespace {

/// What is heard in a step.
struct Top {
  int pitch = 0;  ///< 0: nothing
  bool begins = false;
};

std::vector<Top> tops_of(const MusicPiece& piece) {
  std::vector<Top> tops(static_cast<std::size_t>(piece.steps));
  for (const GridNote& note : piece.notes)
    for (std::int64_t t = note.first; t < note.end(); ++t) {
      Top& top = tops[static_cast<std::size_t>(t)];
      if (note.pitch < top.pitch) continue;
      const bool begins = t == note.first || (note.pitch == top.pitch && top.begins);
      top = {note.pitch, begins};
    }
  return tops;
}

}  // namespace

Vocabulary melody_vocabulary() {
  std::vector<std::string> tokens = {"rest", "hold"};
  for (int pitch = lowest_note; pitch <= highest_note; ++pitch) tokens.push_back(fmt::format("{}", pitch));
  return Vocabulary(std::move(tokens));
}

std::vector<std::int64_t> melody_of(const MusicPiece& piece) {
  std::vector<std::int64_t> tokens;
  int before = 0;
  for (const Top& top : tops_of(piece)) {
    const std::int64_t begun = first_pitch_token + top.pitch - lowest_note;
    const bool goes_on = top.pitch == before && !top.begins;
    tokens.push_back(top.pitch == 0 ? rest_token : goes_on ? hold_token : begun);
    before = top.pitch;
  }
  return tokens;
}

std::vector<GridNote> notes_of_melody(const std::vector<std::int64_t>& tokens) {
  std::vector<GridNote> notes;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const auto t = static_cast<std::int64_t>(i);
    if (tokens[i] >= first_pitch_token)
      notes.push_back({static_cast<int>(tokens[i] - first_pitch_token) + lowest_note, t, 1});
    else if (tokens[i] == hold_token && !notes.empty() && notes.back().end() == t)
      ++notes.back().steps;
  }
  return notes;
}

}  // namespace unroll
