#include <fmt/format.h>

#include <array>
#include <atomic>
#include <boost/program_options/value_semantic.hpp>
#include <stdexcept>

#include "experiments/data/data_error.hpp"
#include "experiments/sweep/say.hpp"
#include "experiments/sweep/signals.hpp"
#include "experiments/train/compose.hpp"
#include "experiments/verbs/model_argument.hpp"
#include "experiments/verbs/number_flag.hpp"
#include "experiments/verbs/writer.hpp"
#include "framework/tensor/file.hpp"

namespace unroll {

namespace {

constexpr std::int64_t quarters_in_a_bar = 4, most_bars = 10'000;

struct Wanted {
  std::string out;
  std::int64_t bars;
  double temperature, tempo;
  std::uint64_t seed;
};

Wanted wanted_by(const Arguments& arguments) {
  const auto out = arguments.flags["out"].as<std::string>();
  const auto bars = arguments.flags["bars"].as<std::int64_t>();
  const auto temperature = arguments.flags["temperature"].as<double>(),
             tempo = arguments.flags["tempo"].as<double>();
  if (out.empty()) throw UsageError("this model writes music: give the MIDI file to write as --out FILE.mid");
  if (bars < 1 || bars > most_bars)
    throw UsageError(fmt::format("--bars must be from 1 to {}, but is {}", most_bars, bars));
  if (!(temperature >= 0 && temperature <= 1e6))
    throw UsageError(fmt::format("--temperature must be from 0 to 1e6, but is {}", temperature));
  if (!(tempo >= 10 && tempo <= 1000))
    throw UsageError(fmt::format("--tempo must be from 10 to 1000 quarter notes a minute, but is {}", tempo));
  return {out, bars, temperature, tempo, arguments.flags["seed"].as<std::uint64_t>()};
}

/// What is gone on from, on the model's grid.
MusicPiece prompt_of(const Arguments& arguments, const Grid& grid) {
  const auto file = arguments.flags["prompt"].as<std::string>();
  if (file.empty()) return {"silence", {}, 0};
  MusicParts left_out;
  MusicPiece piece =
      piece_from(read_midi(read_file(file), file, HangingNotes::ended_with_track), file, grid, left_out);
  if (left_out.percussion + left_out.off_piano > 0)
    say("{}: left out {} notes of percussion and {} that no piano has\n", file, left_out.percussion,
        left_out.off_piano);
  return piece;
}

void require_one_direction(const SavedModel& model) {
  if (!model.config.model.bidirectional) return;
  throw ModelError(
      "this model is bidirectional (model.bidirectional): each of its predictions has seen the music behind "
      "it, so "
      "it cannot go on with any");
}

int generate_from_music(const Arguments& arguments, const SavedModel& model) {
  const Wanted wanted = wanted_by(arguments);
  require_one_direction(model);
  const Grid grid = grid_of(model.config.task);
  const std::int64_t steps = wanted.bars * quarters_in_a_bar * grid.steps;
  const std::unique_ptr<Composition> music =
      composition(model.sizes.tokens ? InputKind::tokens : InputKind::vectors, prompt_of(arguments, grid),
                  wanted.temperature, Stream(wanted.seed, Purpose::generation));
  std::atomic<bool> stop = false;
  const SignalWatch signals(stop);
  try {
    compose(model.model(), model.parameters, steps, *music, &stop);
  } catch (const std::domain_error& error) {
    throw ModelError(error.what());
  }
  if (stop) return signals.exit_status();
  const std::vector<GridNote> notes = music->notes();
  write_file(wanted.out, write_midi(midi_of(notes, music->steps(), grid, wanted.tempo)));
  say("written: {}, {} bars, {} notes\n", wanted.out, wanted.bars, notes.size());
  return exit_good;
}

bool writes_music(const SavedModel& model) {
  const TaskRow* task = find_task(model.laboratory->tasks(), model.config.task.name);
  return task && is_music(*task);
}

void add_generate_music_flags(Flags& flags) {
  namespace po = boost::program_options;
  flags.add_options()("out", po::value<std::string>()->default_value(""), "of music: the MIDI file to write")(
      "bars", number_flag<std::int64_t>()->default_value(16),
      "of music, of 4 quarter notes each (of a grid of seconds, of 4 seconds)")(
      "tempo", number_flag<double>()->default_value(120.0, "120"), "of music: quarter notes a minute");
}

constexpr std::array<std::string_view, 6> music_flags = {"prompt", "temperature", "seed",
                                                         "out",    "bars",        "tempo"};

}  // namespace

const Writer& music_writer() {
  static const Writer writer{.writes = "music",
                             .can_use = writes_music,
                             .add_flags = add_generate_music_flags,
                             .flags = music_flags,
                             .run = generate_from_music};
  return writer;
}

}  // namespace unroll
