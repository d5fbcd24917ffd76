#include "experiments/tasks/speech/listened.hpp"

#include <cmath>

#include "experiments/data/audio/features.hpp"
#include "experiments/objectives/label_decoding.hpp"
#include "experiments/tasks/speech/options.hpp"

namespace unroll {
namespace {

/// Bands frame by frame.
FeatureSettings as_bands(FeatureSettings settings) {
  settings.kind = FeatureKind::log_mel;
  settings.deltas = 0;
  settings.stack = 1;
  return settings;
}

template <class Numbers>
std::vector<std::vector<double>> by_column(const Numbers& rows, std::int64_t columns) {
  std::vector<std::vector<double>> all(static_cast<std::size_t>(columns));
  for (std::size_t i = 0; i < rows.size(); ++i) all[i % all.size()].push_back(static_cast<double>(rows[i]));
  return all;
}

}  // namespace

Heard listened(const TaskConfig& config, const std::vector<std::string>& labels,
               std::span<const float> samples, std::span<const float> outputs, std::int64_t output_size) {
  const FeatureSettings read = speech_options::feature_settings(config), seen = as_bands(read);
  const Features bands(seen);
  const Tensor<float> energies = bands.of(samples);
  Heard heard{.bin_seconds = bands.step_seconds(),
              .spectrogram = by_column(energies.span(), energies.shape()[1]),
              .step_seconds = Features(read).step_seconds(),
              .labels = labels,
              .posteriors = by_column(StepScores(outputs, output_size).logs, output_size)};
  for (std::int64_t band = 0; band < seen.mels; ++band) heard.bands.push_back(middle_of_band(seen, band));
  if (output_size > std::ssize(labels)) heard.labels.emplace_back("–");
  for (std::vector<double>& row : heard.posteriors)
    for (double& x : row) x = std::exp(x);
  return heard;
}

}  // namespace unroll
