#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "experiments/instruments/parameters.hpp"
#include "experiments/instruments/rows.hpp"
#include "experiments/tasks/music/melody.hpp"
#include "experiments/train/compose.hpp"
#include "experiments/train/trial_models.hpp"

namespace unroll {
namespace {

/// As many as a plot has room for; between the two pieces there is silence.
constexpr std::int64_t most_steps = 64, gap = 4;

/// The notes of a batch's first sequence.
std::vector<GridNote> notes_in(const Batch& batch, std::int64_t steps) {
  const std::int64_t rows = batch.rows();
  if (const auto* tokens = std::get_if<Tensor<std::int64_t>>(&batch.target)) {
    std::vector<std::int64_t> melody;
    for (std::int64_t t = 0; t < steps; ++t) melody.push_back((*tokens)[t * rows]);
    return notes_of_melody(melody);
  }
  const auto& frames = std::get<Tensor<float>>(batch.target);
  PianoRoll roll(static_cast<std::size_t>(steps));
  for (std::int64_t t = 0; t < steps; ++t)
    for (std::int64_t k = 0; k < piano_keys; ++k)
      roll[static_cast<std::size_t>(t)].set(static_cast<std::size_t>(k),
                                            frames[t * rows * piano_keys + k] > 0);
  return notes_of(roll);
}

/// A point for each step of each note, by step; the piece begins at step `first`.
RecordedSeries drawn(const std::vector<GridNote>& notes, std::int64_t steps, std::string moment,
                     std::int64_t first) {
  RecordedSeries series{.name = "piano roll",
                        .moment = std::move(moment),
                        .axis = "step of the music",
                        .descriptor = {.unit = "note"},
                        .x = {},
                        .y = {}};
  const PianoRoll roll = roll_of(notes, steps);
  for (std::size_t t = 0; t < roll.size(); ++t)
    for (std::size_t k = 0; k < piano_keys; ++k) {
      if (!roll[t][k]) continue;
      series.x.push_back(static_cast<double>(first) + static_cast<double>(t));
      series.y.push_back(static_cast<double>(k) + lowest_note);
    }
  return series;
}

/// Music that the model makes from silence.
void add_generated(const Subject& subject, std::int64_t steps, Findings& findings) {
  const TaskSpec& spec = subject.models.spec();
  const std::unique_ptr<Composition> music =
      composition(spec.inputs, {}, 1, Stream(subject.config.seed, Purpose::generation));
  try {
    compose(make_model(subject.laboratory.cells(), subject.config, sizes_of(spec)),
            in_float(subject.parameters), steps, *music);
  } catch (const std::domain_error&) {  // a model that diverged makes none
    return;
  }
  findings.series.push_back(drawn(music->notes(), steps, "generated", steps + gap));
}

std::string roll_objection(const Laboratory& laboratory, const Config& config) {
  const TaskRow* task = find_task(laboratory.tasks(), config.task.name);
  if (!task || !is_music(*task))
    return fmt::format("the task {} is no music; it looks at the tasks music and melody", config.task.name);
  if (config.model.bidirectional)
    return "model.bidirectional is true, and what runs backwards in time cannot go on with music; set it to "
           "false";
  return "";
}

void look_at_piano_roll(const Subject& subject, Findings& findings) {
  if (!roll_objection(subject.laboratory, subject.config).empty()) return;
  const Batch batch = subject.models.validation().batch(0, 1);
  const std::int64_t steps = std::min(batch.steps(), most_steps);
  findings.series.push_back(drawn(notes_in(batch, steps), steps, "real", 0));
  add_generated(subject, steps, findings);
}

}  // namespace

Instrument piano_roll_row() {
  return {
      .name = "piano_roll",
      .shows =
          "The start of the first piece that is validated on, and as much that the model makes from silence.",
      .needs = "task.name = music or melody",
      .source = "",
      .look = look_at_piano_roll,
      .objection = roll_objection};
}

}  // namespace unroll
