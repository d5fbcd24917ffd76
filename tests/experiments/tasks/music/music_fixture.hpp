#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "experiments/data/data_error.hpp"
#include "experiments/tasks/music/music.hpp"
#include "experiments/tasks/music/options.hpp"
#include "experiments/tasks/music/pieces.hpp"
#include "tests/support/any_task.hpp"
#include "tests/support/error_of.hpp"

// What the tests of music share.

namespace unroll::music_test {

using Settings = std::map<std::string, OptionValue, std::less<>>;

inline TaskConfig music_config(Settings settings, std::string name = "music") {
  return {.name = std::move(name), .values = std::move(settings)};
}

inline InputFile json(std::string text) {
  InputFile file = text_value(std::move(text));
  file.path = "rolls.json";
  return file;
}

inline std::unique_ptr<Task> music_task(Settings settings, std::string name = "music") {
  return standard_task(music_config(std::move(settings), std::move(name)));
}

/// A quarter note has 4 ticks.
inline std::string midi(std::vector<MidiNote> notes, std::vector<TempoChange> tempi = {}) {
  MidiFile music{.ticks_per_quarter = 4, .notes = std::move(notes), .tempi = std::move(tempi)};
  for (const MidiNote& note : music.notes) music.end = std::max(music.end, note.off);
  return write_midi(music);
}

inline OptionValue text_option(std::string one) { return one; }

/// What reading says about bad music.
inline std::string refusal(Settings settings, std::string name = "music") {
  return error_of<DataError>([&] { music_task(std::move(settings), std::move(name)); });
}

}  // namespace unroll::music_test
