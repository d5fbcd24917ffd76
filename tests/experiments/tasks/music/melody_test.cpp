#include "experiments/tasks/music/melody.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace unroll;

namespace {

std::int64_t token(int pitch) { return first_pitch_token + pitch - lowest_note; }

using Tokens = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("[melody] a note begins, goes on, and is followed by a rest") {
  CHECK(melody_of({"", {{60, 1, 2}, {62, 3, 1}, {62, 4, 2}}, 7}) ==
        Tokens{rest_token, token(60), hold_token, token(62), token(62), hold_token, rest_token});
}

TEST_CASE(
    "[melody] of several voices the highest is heard; one that was covered comes out as a note that begins") {
  CHECK(melody_of({"", {{60, 0, 4}, {64, 1, 2}, {50, 0, 5}}, 5}) ==
        Tokens{token(60), token(64), hold_token, token(60), token(50)});
  // Two voices on one pitch, of which one begins anew.
  CHECK(melody_of({"", {{60, 0, 4}, {60, 2, 2}}, 4}) == Tokens{token(60), hold_token, token(60), hold_token});
}

TEST_CASE("[melody] notes of one voice are the same behind tokens and back") {
  CHECK(rc::check([] {
    std::vector<GridNote> notes;
    std::int64_t now = 0;
    for (int i = 0, count = *rc::gen::inRange(0, 10); i < count; ++i) {
      now += *rc::gen::inRange(0, 3);
      const std::int64_t steps = *rc::gen::inRange(1, 4);
      notes.push_back({*rc::gen::inRange(lowest_note, highest_note + 1), now, steps});
      now += steps;
    }
    RC_ASSERT(notes_of_melody(melody_of({"", notes, now + 1})) == notes);
  }));
  CHECK(notes_of_melody({hold_token, rest_token, hold_token}).empty());
}

TEST_CASE("[melody] every token has a name of its own") {
  const Vocabulary vocabulary = melody_vocabulary();
  REQUIRE(vocabulary.size() == melody_tokens);
  CHECK(vocabulary.token(static_cast<std::int32_t>(rest_token)) == "rest");
  CHECK(vocabulary.token(static_cast<std::int32_t>(hold_token)) == "hold");
  CHECK(vocabulary.id("60") == token(60));
  CHECK(vocabulary.id("108") == melody_tokens - 1);
}
