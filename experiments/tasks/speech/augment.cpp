#include "experiments/tasks/speech/augment.hpp"

#include <algorithm>
#include <cmath>

#include "experiments/data/audio/resample.hpp"
#include "experiments/tasks/speech/options.hpp"

namespace unroll {
namespace {

constexpr double noise_range_db = 20;  ///< noise is drawn from the nearest distance to so much farther

double amplitude(double db) { return std::pow(10, db / 20); }

std::vector<float> at_speed(std::vector<float> samples, std::int64_t rate, double most, Stream& stream) {
  const double speed = stream.uniform(1 - most, 1 + most);
  // Read as if it had been recorded at another rate.
  const auto read_at = std::max<std::int64_t>(1, std::llround(static_cast<double>(rate) * speed));
  return at_rate(Sound{.samples = std::move(samples), .rate = read_at}, rate).samples;
}

std::vector<float> shifted(std::vector<float> samples, std::int64_t rate, double most_ms, Stream& stream) {
  const double ms = stream.uniform(-most_ms, most_ms);
  const auto by = static_cast<std::int64_t>(ms / 1000 * static_cast<double>(rate));
  if (by >= 0) {
    samples.insert(samples.begin(), static_cast<std::size_t>(by), 0.f);
    return samples;
  }
  // Half of a short recording stays.
  const std::int64_t cut = std::min(-by, std::ssize(samples) / 2);
  samples.erase(samples.begin(), samples.begin() + cut);
  return samples;
}

double mean_power(const std::vector<float>& samples) {
  double sum = 0;
  for (const float x : samples) sum += static_cast<double>(x) * static_cast<double>(x);
  return sum / static_cast<double>(std::max<std::size_t>(samples.size(), 1));
}

void add_noise(std::vector<float>& samples, double least_db, Stream& stream) {
  const double below = stream.uniform(least_db, least_db + noise_range_db);
  const double deviation = std::sqrt(mean_power(samples)) * amplitude(-below);
  for (float& x : samples) x += static_cast<float>(deviation * stream.normal());
}

}  // namespace

Augmentation augmentation_of(const TaskConfig& config) {
  return {.noise_db = config.get<double>(speech_options::augment_noise),
          .gain_db = config.get<double>(speech_options::augment_gain),
          .shift_ms = config.get<double>(speech_options::augment_shift),
          .speed = config.get<double>(speech_options::augment_speed)};
}

std::vector<float> augmented(std::vector<float> samples, std::int64_t rate, const Augmentation& how,
                             Stream& stream) {
  if (how.speed > 0) samples = at_speed(std::move(samples), rate, how.speed, stream);
  if (how.shift_ms > 0) samples = shifted(std::move(samples), rate, how.shift_ms, stream);
  if (how.gain_db > 0) {
    const auto gain = static_cast<float>(amplitude(stream.uniform(-how.gain_db, how.gain_db)));
    for (float& x : samples) x *= gain;
  }
  if (how.noise_db > 0) add_noise(samples, how.noise_db, stream);
  return samples;
}

std::int64_t most_samples(std::int64_t samples, std::int64_t rate, const Augmentation& how) {
  const double slowest = std::ceil(static_cast<double>(samples) / (1 - how.speed)) + 1;
  return static_cast<std::int64_t>(slowest + how.shift_ms / 1000 * static_cast<double>(rate));
}

}  // namespace unroll
