#include <fmt/format.h>

#include <stdexcept>

#include "experiments/config/json_field.hpp"
#include "experiments/data/data_error.hpp"
#include "experiments/data/piano_roll.hpp"

namespace unroll {
namespace {

/// The next frame is what there is to predict.
constexpr std::size_t least_frames = 2;

Chord frame_from(const JsonField& field) {
  Chord frame;
  field.for_each_element([&](const JsonField& element) {
    const std::int64_t note = element.integer();
    if (note < lowest_note || note > highest_note)
      element.refuse(fmt::format("a note from {} to {}, the keys of a piano", lowest_note, highest_note),
                     fmt::format("{}", note));
    frame.set(static_cast<std::size_t>(note - lowest_note));
  });
  return frame;
}

PianoRoll roll_from(const JsonField& field) {
  PianoRoll roll;
  field.for_each_element([&](const JsonField& element) { roll.push_back(frame_from(element)); });
  if (roll.size() < least_frames)
    field.refuse(fmt::format("a sequence of at least {} frames", least_frames),
                 fmt::format("one of {}", roll.size()));
  return roll;
}

std::vector<PianoRoll> part_from(const JsonField& field) {
  std::vector<PianoRoll> part;
  field.for_each_element([&](const JsonField& element) { part.push_back(roll_from(element)); });
  if (part.empty()) field.refuse("a list of sequences", "empty");
  return part;
}

}  // namespace

PianoRollParts read_piano_rolls(std::string_view json, const std::string& file) {
  try {
    simdjson::dom::parser parser;
    const JsonField all = parse_json(parser, json, file);
    return {part_from(all.member("train")), part_from(all.member("valid")), part_from(all.member("test"))};
  } catch (const std::invalid_argument& error) {
    throw DataError(
        fmt::format("{}; expected piano rolls: {{\"train\": [[[60, 64], ...], ...], \"valid\": ..., "
                    "\"test\": ...}}, lists of "
                    "sequences of frames of notes",
                    error.what()));
  }
}

}  // namespace unroll
