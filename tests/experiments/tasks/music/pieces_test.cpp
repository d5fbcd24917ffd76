#include "experiments/tasks/music/pieces.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <set>

#include "framework/tensor/file.hpp"
#include "tests/experiments/tasks/music/music_fixture.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace unroll;
using namespace unroll::music_test;

namespace {

MusicPiece on_grid(const MidiFile& music, Grid grid) {
  MusicParts none;
  return piece_from(music, "a piece", grid, none);
}

void put(const TemporaryFolder& folder, const std::string& name, const std::string& content) {
  make_folders((folder / name).parent_path());
  write_file(folder / name, content);
}

OptionValue folder_value(const TemporaryFolder& folder) { return read_input_file((folder / "").string()); }

std::set<std::string> names_of(const std::vector<MusicPiece>& pieces) {
  std::set<std::string> names;
  for (const MusicPiece& piece : pieces) names.insert(piece.name.substr(piece.name.rfind('/') + 1));
  return names;
}

void check_says(Settings settings, std::initializer_list<std::string_view> parts) {
  const std::string message = refusal(std::move(settings));
  for (const std::string_view part : parts)
    CHECK_MESSAGE(message.find(part) != std::string::npos, part << " in: " << message);
}

const std::string one_note = midi({{0, 8, 60}});

}  // namespace

TEST_CASE("[music] notes begin and end at the nearest step, and have one step at least") {
  const MidiFile music{.ticks_per_quarter = 96,
                       .notes = {{0, 95, 60}, {10, 14, 61}, {13, 60, 62}, {100, 100, 63}},
                       .end = 191};
  CHECK(on_grid(music, {4}).notes == std::vector<GridNote>{{60, 0, 4}, {61, 0, 1}, {62, 1, 2}, {63, 4, 1}});
  CHECK(on_grid(music, {4}).steps == 8);
  CHECK(on_grid(music, {1}).notes == std::vector<GridNote>{{60, 0, 1}, {61, 0, 1}, {62, 0, 1}, {63, 1, 1}});
  CHECK(on_grid(music, {96}).notes ==
        std::vector<GridNote>{{60, 0, 95}, {61, 10, 4}, {62, 13, 47}, {63, 100, 1}});
}

TEST_CASE("[music] a grid of seconds follows the file's tempo") {
  // A quarter note lasts 1 s, from tick 8 on 0.25 s.
  const MidiFile music{.ticks_per_quarter = 4,
                       .notes = {{0, 4, 60}, {8, 16, 62}},
                       .tempi = {{0, 1'000'000}, {8, 250'000}},
                       .end = 16};
  CHECK(on_grid(music, {10, true}).notes == std::vector<GridNote>{{60, 0, 10}, {62, 20, 5}});
  CHECK(on_grid(music, {10}).notes == std::vector<GridNote>{{60, 0, 10}, {62, 20, 20}});
}

TEST_CASE("[music] music on a grid is the same behind MIDI and back, on any grid") {
  CHECK(rc::check([] {
    PianoRoll roll(*rc::gen::inRange<std::size_t>(2, 20));
    roll.front().set(5);
    for (Chord& chord : roll)
      for (std::size_t key = 0; key < piano_keys; ++key)
        if (*rc::gen::inRange(0, 10) == 0) chord.set(key);
    const Grid grid{*rc::gen::inRange<std::int64_t>(1, 97), *rc::gen::arbitrary<bool>()};
    const MidiFile music =
        midi_of(notes_of(roll), std::ssize(roll), grid, *rc::gen::element(60.0, 97.0, 120.0));
    const MusicPiece back = on_grid(read_midi(write_midi(music), "x.mid"), grid);
    RC_ASSERT(back.steps == std::ssize(roll));
    RC_ASSERT(back.notes == notes_of(roll));
  }));
}

TEST_CASE("[music] percussion and what no piano has are left out, counted and said") {
  const TemporaryFolder folder;
  put(folder, "a.mid", midi({{0, 8, 60}, {0, 8, 40, percussion_channel}, {0, 8, 20}, {0, 8, 109}}));
  put(folder, "b.MIDI", one_note);
  put(folder, "notes.txt", "no music");
  const TaskConfig config =
      music_config({{"task.music", folder_value(folder)}, {"task.validation_fraction", 0.5}});
  const MusicParts parts = read_music(config);
  CHECK(parts.percussion == 1);
  CHECK(parts.off_piano == 2);
  CHECK(parts.other_files == 1);
  const std::string said = standard_task(config)->description();
  for (const char* part :
       {"1 pieces", "1 notes of percussion", "2 notes below 21 or above 108", "1 files that are no"})
    CHECK_MESSAGE(said.find(part) != std::string::npos, said);
}

TEST_CASE("[music] a folder is split by fractions, by files of other parts, or by folders in it") {
  const TemporaryFolder folder, other;
  for (int i = 0; i < 10; ++i) put(folder, fmt::format("{}.mid", i), one_note);
  put(other, "other.mid", one_note);
  const MusicParts drawn = read_music(music_config({{"task.music", folder_value(folder)},
                                                    {"task.validation_fraction", 0.2},
                                                    {"task.test_fraction", 0.3}}));
  CHECK(drawn.training.size() == 5);
  CHECK(drawn.validation.size() == 2);
  CHECK(drawn.test.size() == 3);
  std::set<std::string> all = names_of(drawn.training);
  all.merge(names_of(drawn.validation));
  all.merge(names_of(drawn.test));
  CHECK(all.size() == 10);

  const MusicParts given = read_music(
      music_config({{"task.music", folder_value(folder)}, {"task.validation_music", folder_value(other)}}));
  CHECK(given.training.size() == 10);
  CHECK(names_of(given.validation) == std::set<std::string>{"other.mid"});
  CHECK(given.test.empty());

  const TemporaryFolder parts;
  for (const char* name : {"train/a.mid", "train/b/c.mid", "valid/d.mid", "test/e.mid"})
    put(parts, name, one_note);
  const MusicParts by_folder = read_music(music_config({{"task.music", folder_value(parts)}}));
  CHECK(names_of(by_folder.training) == std::set<std::string>{"a.mid", "c.mid"});
  CHECK(names_of(by_folder.validation) == std::set<std::string>{"d.mid"});
  CHECK(names_of(by_folder.test) == std::set<std::string>{"e.mid"});
  check_says({{"task.music", folder_value(parts)}, {"task.test_music", folder_value(other)}},
             {"task.test_music", "train, valid and test already"});
}

TEST_CASE("[music] bad music is one message that names the setting and the file") {
  const TemporaryFolder folder;
  check_says({}, {"task.music", "give a folder of MIDI files"});
  check_says({{"task.music", folder_value(folder)}}, {"task.music", "expected MIDI files", "found nothing"});
  put(folder, "notes.txt", "no music");
  check_says({{"task.music", folder_value(folder)}}, {"task.music", "other files only"});
  put(folder, "a.mid", one_note);
  check_says({{"task.music", folder_value(folder)}},
             {"task.music", "nothing is left to train on", "of 1 pieces"});
  put(folder, "b.mid", one_note.substr(0, one_note.size() - 3));
  check_says({{"task.music", folder_value(folder)}}, {"task.music", "b.mid", "track 1", "cut"});
  put(folder, "b.mid", one_note);
  check_says({{"task.music", folder_value(folder)}, {"task.validation_fraction", 0.0}},
             {"nothing to validate on"});
  put(folder, "b.mid", midi({{0, 8, 40, percussion_channel}}));
  check_says({{"task.music", folder_value(folder)}},
             {"b.mid", "expected notes of a piano", "1 of percussion"});
  put(folder, "b.mid", midi({{0, 8'000'000, 60}}));
  check_says({{"task.music", folder_value(folder)}},
             {"b.mid", "200000 steps", "found 8000000", "steps_per_quarter = 4"});
  check_says({{"task.music", json("{}")}}, {"task.music", "rolls.json", "no member 'train'"});
  check_says({{"task.music", json("no JSON")}}, {"task.music", "rolls.json", "\"MThd\""});
  check_says({{"task.music", json(walking_rolls())}, {"task.validation_music", folder_value(folder)}},
             {"task.validation_music", "rolls.json", "already"});
}

TEST_CASE("[music] a hanging note is refused, and ended where the setting says so") {
  const TemporaryFolder folder;
  put(folder, "a.mid", one_note);
  std::string hanging = one_note;
  hanging[hanging.size() - 7] = '\x90';  // its end begins it again
  REQUIRE(hanging != one_note);
  put(folder, "b.mid", hanging);
  check_says({{"task.music", folder_value(folder)}}, {"b.mid", "never ends", "task.hanging_notes=end"});
  CHECK_NOTHROW(
      music_task({{"task.music", folder_value(folder)}, {"task.hanging_notes", std::string("end")}}));
}
