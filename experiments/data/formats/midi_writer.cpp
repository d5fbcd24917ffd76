#include <algorithm>
#include <tuple>

#include "experiments/data/formats/midi.hpp"

// The packaged libraries read these files better than they write them: one puts the tempo behind the first
// note, the other ends the program on what it does not expect.

namespace unroll {
namespace {

constexpr char note_off = '\x80', note_on = '\x90', velocity = 80;

/// Big-endian.
std::string number(std::int64_t value, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) text += static_cast<char>(value >> shift & 0xff);
  return text;
}

/// Seven bits a byte, all but the last one with the eighth set.
std::string variable_length(std::int64_t value) {
  std::string text(1, static_cast<char>(value & 0x7f));
  while (value >>= 7) text.insert(text.begin(), static_cast<char>((value & 0x7f) | 0x80));
  return text;
}

struct Event {
  std::int64_t tick;
  int rank;  ///< of several at one tick: tempi, then notes that end, then notes that begin
  std::string bytes;
};

std::string message(char kind, const MidiNote& note) {
  return {static_cast<char>(kind | note.channel), static_cast<char>(note.pitch), velocity};
}

std::vector<Event> events_of(const MidiFile& music) {
  std::vector<Event> events;
  for (const TempoChange& tempo : music.tempi)
    events.push_back({tempo.tick, 0, "\xff\x51\x03" + number(tempo.microseconds, 3)});
  for (const MidiNote& note : music.notes) {
    // One without length ends behind its own beginning.
    events.push_back({note.on, note.off > note.on ? 2 : 1, message(note_on, note)});
    events.push_back({note.off, 1, message(note_off, note)});
  }
  std::ranges::stable_sort(events, {}, [](const Event& e) { return std::tuple(e.tick, e.rank); });
  events.push_back(
      {std::max(music.end, events.empty() ? 0 : events.back().tick), 0, std::string("\xff\x2f\x00", 3)});
  return events;
}

}  // namespace

std::string write_midi(const MidiFile& music) {
  std::string track;
  std::int64_t now = 0;
  for (const Event& event : events_of(music)) {
    track += variable_length(event.tick - now) + event.bytes;
    now = event.tick;
  }
  return "MThd" + number(6, 4) + number(0, 2) + number(1, 2) + number(music.ticks_per_quarter, 2) + "MTrk" +
         number(static_cast<std::int64_t>(track.size()), 4) + track;
}

}  // namespace unroll
