#include "experiments/data/piano_roll.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "experiments/data/data_error.hpp"
#include "tests/support/error_of.hpp"

using namespace unroll;

namespace {

std::string refusal(const std::string& json) {
  return error_of<DataError>([&] { read_piano_rolls(json, "x.json"); });
}

void check_says(const std::string& json, std::initializer_list<std::string_view> parts) {
  const std::string message = refusal(json);
  CHECK_MESSAGE(message.starts_with("x.json"), message);
  for (const std::string_view part : parts)
    CHECK_MESSAGE(message.find(part) != std::string::npos, part << " in: " << message);
}

/// With a training part in which one frame is `frame`.
std::string with_frame(const std::string& frame) {
  return R"({"train": [[[60], [61]], [[60, 64], )" + frame +
         R"(]], "valid": [[[60], []]], "test": [[[], [62]]]})";
}

Chord chord(std::initializer_list<int> notes) {
  Chord all;
  for (const int note : notes) all.set(static_cast<std::size_t>(note - lowest_note));
  return all;
}

}  // namespace

TEST_CASE("[piano roll] JSON of the data sets' shape is read, notes in any order and perhaps twice") {
  const PianoRollParts parts = read_piano_rolls(with_frame("[108, 21, 21]"), "x.json");
  REQUIRE(parts.train.size() == 2);
  CHECK(parts.train[0] == PianoRoll{chord({60}), chord({61})});
  CHECK(parts.train[1] == PianoRoll{chord({60, 64}), chord({21, 108})});
  CHECK(parts.valid == std::vector<PianoRoll>{{chord({60}), chord({})}});
  CHECK(parts.test == std::vector<PianoRoll>{{chord({}), chord({62})}});
}

TEST_CASE("[piano roll] JSON of another shape is refused where it differs, at each level") {
  check_says("", {"not JSON"});
  check_says("{\"train\": [", {"not JSON"});
  check_says("[]", {"must be an object, but is array", "expected piano rolls"});
  check_says("{}", {"no member 'train'"});
  check_says(R"({"train": [[[60], [61]]], "test": [[[60], [61]]]})", {"no member 'valid'"});
  check_says(R"({"train": 3, "valid": [], "test": []})", {"'train' must be an array, but is number"});
  check_says(R"({"train": [], "valid": [], "test": []})",
             {"'train' must be a list of sequences, but is empty"});
  check_says(R"({"train": [[[60], [61]]], "valid": [], "test": []})", {"'valid'", "empty"});
  check_says(R"({"train": [3], "valid": [], "test": []})", {"'train[0]' must be an array"});
  check_says(R"({"train": [[[60], [61]], [[60]]], "valid": [], "test": []})",
             {"'train[1]' must be a sequence of at least 2 frames, but is one of 1"});
  check_says(with_frame("60"), {"'train[1][1]' must be an array, but is number"});
  check_says(with_frame("[60, \"C\"]"), {"'train[1][1][1]' must be an integer, but is string"});
  check_says(with_frame("[60.5]"), {"'train[1][1][0]' must be an integer, but is number"});
  check_says(with_frame("[null]"), {"'train[1][1][0]' must be an integer, but is null"});
  check_says(with_frame("[20]"), {"'train[1][1][0]' must be a note from 21 to 108", "but is 20"});
  check_says(with_frame("[60, 109]"), {"'train[1][1][1]'", "but is 109"});
  check_says(with_frame("[18446744073709551615]"), {"'train[1][1][0]'", "18446744073709551615"});
}

TEST_CASE("[piano roll] a roll is the roll of its notes") {
  CHECK(rc::check([] {
    PianoRoll roll(*rc::gen::inRange<std::size_t>(0, 12));
    for (Chord& frame : roll)
      for (std::size_t key = 0; key < piano_keys; ++key) frame.set(key, *rc::gen::inRange(0, 3) == 0);
    const std::vector<GridNote> notes = notes_of(roll);
    RC_ASSERT(roll_of(notes, std::ssize(roll)) == roll);
    for (const GridNote& note : notes) RC_ASSERT(note.steps >= 1);
  }));
  CHECK(notes_of({chord({60}), chord({60, 62}), chord({}), chord({60})}) ==
        std::vector<GridNote>{{60, 0, 2}, {62, 1, 1}, {60, 3, 1}});
}
