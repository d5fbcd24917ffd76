#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/instruments/parameters.hpp"
#include "experiments/instruments/rows.hpp"
#include "experiments/tasks/speech/options.hpp"
#include "experiments/train/answering_model.hpp"
#include "experiments/train/trial_models.hpp"

namespace unroll {
namespace {

/// A picture has no room for more, and every trial's record holds them.
constexpr std::size_t most_columns = 120;

/// Every number stands for so many in a row: a power of two of them.
std::size_t numbers_in_column(std::size_t count) {
  std::size_t together = 1;
  while (count > most_columns * together) together *= 2;
  return together;
}

/// The means of so many in a row, to the three digits that can be seen.
std::vector<double> thinned(const std::vector<double>& all, std::size_t together) {
  std::vector<double> means;
  for (std::size_t begin = 0; begin < all.size(); begin += together) {
    const std::size_t end = std::min(begin + together, all.size());
    double sum = 0;
    for (std::size_t i = begin; i < end; ++i) sum += all[i];
    means.push_back(std::round(1000 * sum / static_cast<double>(end - begin)) / 1000);
  }
  return means;
}

/// So many times, the first and those between them in seconds.
std::vector<double> times(std::size_t count, double first, double apart) {
  std::vector<double> all;
  for (std::size_t i = 0; i < count; ++i)
    all.push_back(std::round(1e6 * (first + static_cast<double>(i) * apart)) / 1e6);
  return all;
}

/// Energies by band over time, a series each.
void add_spectrogram(const std::string& name, const Heard& heard, std::vector<RecordedSeries>& series) {
  for (std::size_t band = 0; band < heard.bands.size(); ++band) {
    const std::size_t together = numbers_in_column(heard.spectrogram[band].size());
    const double seconds = heard.bin_seconds * static_cast<double>(together);
    const std::vector<double> energies = thinned(heard.spectrogram[band], together);
    series.push_back({.name = name,
                      .moment = fmt::format("{:.0f} Hz", heard.bands[band]),
                      .axis = "second",
                      .descriptor = {.unit = "log of the energy"},
                      .x = times(energies.size(), seconds / 2, seconds),
                      .y = energies});
  }
}

/// Over it how likely the model holds each label: after the last step that a number stands for.
void add_answers(const std::string& name, const Heard& heard, std::vector<RecordedSeries>& series) {
  for (std::size_t label = 0; label < heard.labels.size(); ++label) {
    const std::size_t together = numbers_in_column(heard.posteriors[label].size());
    const double seconds = heard.step_seconds * static_cast<double>(together);
    const std::vector<double> answers = thinned(heard.posteriors[label], together);
    series.push_back({.name = "answers in " + name,
                      .moment = heard.labels[label],
                      .axis = "second",
                      .descriptor = {.unit = "probability"},
                      .x = times(answers.size(), seconds, seconds),
                      .y = answers,
                      .over = name});
  }
}

void look_at_spectrograms(const Subject& subject, Findings& findings) {
  ModelSizes sizes = sizes_of(subject.models.spec());
  sizes.readout = Readout::every_step;
  const std::vector<Tensor<float>> parameters = in_float(subject.parameters);
  AnsweringModel model(make_model(subject.laboratory.cells(), subject.config, sizes), sizes, parameters);
  for (const Heard& heard : subject.models.task().heard(model.answers())) {
    const std::string name = fmt::format("{}: {}", heard.file, heard.said);
    add_spectrogram(name, heard, findings.series);
    add_answers(name, heard, findings.series);
  }
}

std::string spectrograms_objection(const Laboratory& laboratory, const Config& config) {
  const TaskRow* task = find_task(laboratory.tasks(), config.task.name);
  if (task && is_speech(*task)) return "";
  return fmt::format("in the task {} nothing is heard; it looks at the task speech", config.task.name);
}

}  // namespace

Instrument spectrograms_row() {
  return {.name = "spectrograms",
          .shows =
              "A few recordings that are tested on: energy by band over time, and over it how likely the "
              "model holds each label after each step.",
          .needs = "task.name = speech",
          .source = "",
          .look = look_at_spectrograms,
          .objection = spectrograms_objection};
}

}  // namespace unroll
