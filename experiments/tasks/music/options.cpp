#include "experiments/tasks/music/options.hpp"

#include "experiments/tasks/data_options.hpp"

namespace unroll {
namespace music_options {
namespace {

OptionSpec choice(std::string key, std::vector<std::string> known, std::string meaning) {
  return {std::move(key), known.front(), std::move(meaning), {}, [known] { return known; }};
}

}  // namespace

const OptionSpec music = {
    "task.music", InputFile{},
    "what to learn from: a folder of MIDI files (.mid, .midi; pieces in folders train, valid and test in it "
    "are those parts), one MIDI file, or a JSON file of piano rolls with the members train, valid and test"};
const OptionSpec validation_music = {"task.validation_music", InputFile{},
                                     "MIDI to validate on; none: validation_fraction of the pieces"};
const OptionSpec test_music = {"task.test_music", InputFile{},
                               "MIDI to test the best model on; none: test_fraction of the pieces"};
const OptionSpec steps_per_quarter = {"task.steps_per_quarter", std::int64_t{4},
                                      "steps of the grid in a quarter note; of piano rolls in JSON what "
                                      "their frames are: 1 of frames of quarters",
                                      from_to(1, 96)};
const OptionSpec steps_per_second = {"task.steps_per_second", std::int64_t{0},
                                     "steps of the grid in a second, by the file's tempo, of music that was "
                                     "played freely; 0: the grid is that of "
                                     "quarter notes",
                                     from_to(0, 100)};
const OptionSpec transpose = {"task.transpose", std::int64_t{0},
                              "semitones by which each piece to train on is moved up or down at most, drawn "
                              "anew for every batch, as far as "
                              "it stays on the piano",
                              from_to(0, 48)};
const OptionSpec hanging_notes =
    choice("task.hanging_notes", {"refuse", "end"},
           "MIDI notes that begin and never end: an error, or ended with their track");
const OptionSpec averaged_over = choice("task.averaged_over", {"frames", "pieces"},
                                        "what validation and test are means over: all frames alike, as Bai "
                                        "et al. 2018, or first within each piece");

std::vector<OptionSpec> rows() {
  return {music,
          validation_music,
          test_music,
          data_options::validation_fraction,
          data_options::test_fraction,
          steps_per_quarter,
          steps_per_second,
          transpose,
          hanging_notes,
          averaged_over};
}

}  // namespace music_options

bool is_music(const TaskRow& task) { return takes(task, music_options::steps_per_quarter.key); }

Grid grid_of(const TaskConfig& config) {
  const auto seconds = config.get<std::int64_t>(music_options::steps_per_second);
  if (seconds > 0) return {seconds, true};
  return {config.get<std::int64_t>(music_options::steps_per_quarter)};
}

}  // namespace unroll
