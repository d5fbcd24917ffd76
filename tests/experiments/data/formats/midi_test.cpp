#include "experiments/data/formats/midi.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <tuple>

#include "experiments/data/data_error.hpp"
#include "tests/experiments/data/formats/midi_fixture.hpp"
#include "tests/support/error_of.hpp"

using namespace unroll;
using namespace unroll::midi_test;

namespace {

std::string midi_refusal(const std::string& content) {
  return error_of<DataError>([&] { read_midi(content, "x.mid"); });
}

void check_says(const std::string& content, std::initializer_list<std::string_view> parts) {
  const std::string message = midi_refusal(content);
  CHECK_MESSAGE(message.starts_with("x.mid: "), message);
  for (const std::string_view part : parts)
    CHECK_MESSAGE(message.find(part) != std::string::npos, part << " in: " << message);
}

/// Any music that a file can hold: notes of one pitch and channel do not overlap.
MidiFile any_music() {
  MidiFile music{.ticks_per_quarter = *rc::gen::inRange<std::int64_t>(1, 0x8000)};
  std::int64_t tick = 0;
  for (int i = 0, count = *rc::gen::inRange(0, 20); i < count; ++i) {
    tick += *rc::gen::inRange<std::int64_t>(1, 100'000);
    music.notes.push_back(
        {tick, tick + *rc::gen::inRange<std::int64_t>(1, 300'000), 5 * i, *rc::gen::inRange(0, 16)});
  }
  for (int i = 0, count = *rc::gen::inRange(0, 4); i < count; ++i)
    music.tempi.push_back({i * 1000, *rc::gen::inRange<std::int64_t>(1, 0x1000000)});
  for (const MidiNote& note : music.notes) music.end = std::max(music.end, note.off);
  if (!music.tempi.empty()) music.end = std::max(music.end, music.tempi.back().tick);
  music.end += *rc::gen::inRange(0, 1000);
  return music;
}

}  // namespace

TEST_CASE("[midi] a note is read from the bytes of the specification") {
  const MidiFile music = read_midi(file_of(middle_c), "x.mid");
  CHECK(music.ticks_per_quarter == 96);
  CHECK(music.notes == std::vector<MidiNote>{{0, 96, 60, 0}});
  CHECK(music.tempi.empty());
  CHECK(music.end == 96);
}

TEST_CASE("[midi] running status, note-on of velocity 0 as note-off, and delta times of several bytes") {
  // Two notes with one status byte; the second ends 0x81 0x00 = 128 ticks later.
  const MidiFile music = read_midi(
      file_of(bytes({0, 0x93, 60, 64, 10, 60, 0, 0, 62, 1, 0x81, 0, 62, 0, 0x82, 0x80, 0, 0xb3, 7, 100})),
      "x.mid");
  CHECK(music.notes == std::vector<MidiNote>{{0, 10, 60, 3}, {10, 138, 62, 3}});
  CHECK(music.end == 138 + 2 * 128 * 128);
}

TEST_CASE(
    "[midi] what is no note is read over: controllers, programs, text, system exclusive, unknown meta "
    "events") {
  const std::string between =
      bytes({0, 0xc0, 5,  0, 0xb0, 64,   127,  0,    0xe0, 0,    64,   0,    0xd0, 3, 0,    0xa0, 60,   9,
             0, 0xff, 1,  2, 'a',  'b',  0,    0xff, 3,    0,    0,    0xf0, 3,    1, 2,    0xf7, 0,    0xf7,
             2, 0xf3, 1,  0, 0xff, 0x60, 1,    9,    0,    0xff, 0x59, 2,    0,    0, 0,    0xff, 0x58, 4,
             4, 2,    24, 8, 0,    0xff, 0x54, 5,    0,    0,    0,    0,    0,    0, 0xff, 0x7f, 0});
  const MidiFile music = read_midi(file_of(between + middle_c + between), "x.mid");
  CHECK(music.notes == std::vector<MidiNote>{{0, 96, 60, 0}});
}

TEST_CASE(
    "[midi] tracks of format 1 sound together; chunks of other kinds and what is behind the last are left "
    "out") {
  const std::string low = bytes({48, 0x91, 40, 9, 48, 0x81, 40, 9});
  const MidiFile music = read_midi(
      header(1, 2) + chunk("XFIH", "abc") + track(middle_c) + chunk("JUNK", "") + track(low) + "tail",
      "x.mid");
  CHECK(music.notes == std::vector<MidiNote>{{0, 96, 60, 0}, {48, 96, 40, 1}});
}

TEST_CASE(
    "[midi] of a note that begins again the first beginning ends first; ends without a beginning are left "
    "alone") {
  const std::string again =
      bytes({0, 0x90, 60, 1, 10, 0x90, 60, 1, 10, 0x80, 60, 0, 10, 0x80, 60, 0, 5, 0x80, 60, 0});
  CHECK(read_midi(file_of(again), "x.mid").notes == std::vector<MidiNote>{{0, 20, 60, 0}, {10, 30, 60, 0}});
}

TEST_CASE("[midi] seconds follow the tempo map") {
  // 500 ms, then from tick 96 on 1 s, then from tick 192 on 0.25 s a quarter note of 96 ticks.
  const std::string changes =
      bytes({96, 0xff, 0x51, 3, 0x0f, 0x42, 0x40, 96, 0xff, 0x51, 3, 0x03, 0xd0, 0x90});
  const MidiFile music = read_midi(file_of(changes), "x.mid");
  CHECK(music.tempi == std::vector<TempoChange>{{96, 1'000'000}, {192, 250'000}});
  const TempoMap map(music);
  CHECK(map.seconds_at(0) == 0);
  CHECK(map.seconds_at(48) == doctest::Approx(0.25));
  CHECK(map.seconds_at(96) == doctest::Approx(0.5));
  CHECK(map.seconds_at(144) == doctest::Approx(1.0));
  CHECK(map.seconds_at(192) == doctest::Approx(1.5));
  CHECK(map.seconds_at(288) == doctest::Approx(1.75));
  // Of two changes at one tick the later one holds.
  const std::string twice = bytes({0, 0xff, 0x51, 3, 0, 0, 1, 0, 0xff, 0x51, 3, 0, 0, 2});
  CHECK(read_midi(file_of(twice), "x.mid").tempi == std::vector<TempoChange>{{0, 2}});
}

TEST_CASE("[midi] what is written is read as the same") {
  CHECK(rc::check([] {
    const MidiFile music = any_music();
    RC_ASSERT(read_midi(write_midi(music), "x.mid") == music);
  }));
  // A note without length, and one that begins where another of its pitch ends.
  const MidiFile short_ones{
      .ticks_per_quarter = 4, .notes = {{3, 3, 60, 0}, {5, 7, 62, 0}, {7, 9, 62, 0}}, .end = 9};
  CHECK(read_midi(write_midi(short_ones), "x.mid") == short_ones);
}

TEST_CASE(
    "[midi] what is no MIDI file, or one that is not read, is refused with the byte and what was found") {
  check_says("", {"byte 0", "\"MThd\"", "an empty file"});
  check_says("RIFF....", {"byte 0", "no MIDI file"});
  check_says("MThd", {"byte 4", "cut"});
  check_says(header(0, 1).substr(0, 12), {"byte 4", "cut"});
  check_says(header(2, 1) + track(middle_c), {"byte 8", "format 2", "pieces of their own"});
  check_says(header(3, 1) + track(middle_c), {"byte 8", "found format 3"});
  check_says(header(0, 0), {"byte 10", "at least 1 track"});
  check_says(header(0, 1, 0) + track(middle_c), {"byte 12", "found 0"});
  check_says(header(0, 1, 0xe728) + track(middle_c), {"byte 12", "0xe728", "SMPTE"});
}

TEST_CASE("[midi] a cut track is refused with its number and the byte, wherever it was cut") {
  const std::string whole = header(1, 2) + track(middle_c) + track(middle_c);
  check_says(header(1, 2) + track(middle_c), {"expected track 2 of 2", "cut"});
  // Bytes 14 to 33 are the first track, 34 to 53 the second.
  REQUIRE(whole.size() == 54);
  for (std::size_t size = 14; size < whole.size(); ++size) {
    CAPTURE(size);
    check_says(whole.substr(0, size), {"cut"});
  }
  check_says(whole.substr(0, 50), {"track 2, byte 38: the track should have 12 bytes, but 8 are left"});
  // Cut inside an event, with a length that says so.
  check_says(header(0, 1) + chunk("MTrk", bytes({0, 0x90, 60})), {"track 1, byte 24", "cut"});
  check_says(header(0, 1) + chunk("MTrk", bytes({0, 0xff, 1, 50, 'a'})), {"track 1", "cut"});
  CHECK(midi_refusal(whole) == "(no error)");
}

TEST_CASE("[midi] damaged events are refused with their place") {
  check_says(file_of(bytes({0, 60, 64})), {"track 1, byte 23", "running status"});
  check_says(file_of(bytes({0, 0x90, 60, 0x90})), {"track 1, byte 25", "below 0x80, found 0x90"});
  check_says(file_of(bytes({0, 0xff, 0x51, 3, 0, 0, 0})), {"track 1, byte 28", "tempo of 0"});
  check_says(file_of(bytes({0, 0xff, 0x51, 0})), {"track 1, byte 25", "another length"});
  check_says(file_of(bytes({0, 0xff, 0x51, 2, 1, 1})), {"track 1", "another length"});
  check_says(file_of(bytes({0, 0xf4})), {"track 1, byte 23", "0xf4"});
  const std::string back =
      bytes({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f});  // -1 in 64 bits
  check_says(file_of(bytes({100, 0x90, 60, 64}) + back + bytes({60, 0})),
             {"tick 99 follows one at tick 100"});
  check_says(file_of(bytes({100, 0x90, 60, 64}) + back + bytes({0xb0, 7, 100})),
             {"tick 99 follows one at tick 100"});
}

TEST_CASE("[midi] a note that never ends is refused, or ends with its track where that is asked for") {
  const std::string hanging = bytes({0, 0x92, 60, 64, 0, 0x92, 62, 64, 50, 0x82, 62, 0});
  check_says(file_of(hanging),
             {"track 1", "note 60 on channel 3 begins at tick 0 and never ends", "task.hanging_notes"});
  const MidiFile music = read_midi(file_of(hanging), "x.mid", HangingNotes::ended_with_track);
  CHECK(music.notes == std::vector<MidiNote>{{0, 50, 60, 2}, {0, 50, 62, 2}});
  // Not by the end of another track.
  check_says(header(1, 2) + track(bytes({0, 0x90, 60, 64})) + track(bytes({9, 0x80, 60, 0})),
             {"track 1", "never ends"});
}
