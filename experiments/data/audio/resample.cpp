#include "experiments/data/audio/resample.hpp"

#include <fmt/format.h>
#include <soxr.h>

#include <cmath>
#include <stdexcept>
#include <utility>

namespace unroll {

Sound at_rate(Sound sound, std::int64_t rate) {
  if (sound.rate == rate) return sound;
  const double factor = static_cast<double>(rate) / static_cast<double>(sound.rate);
  const auto wanted = static_cast<std::size_t>(std::ceil(static_cast<double>(sound.samples.size()) * factor));
  Sound result{.samples = std::vector<float>(wanted), .rate = rate, .channels = sound.channels};
  std::size_t made = 0;
  const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
  const soxr_error_t error = soxr_oneshot(static_cast<double>(sound.rate), static_cast<double>(rate), 1,
                                          sound.samples.data(), sound.samples.size(), nullptr,
                                          result.samples.data(), wanted, &made, nullptr, &quality, nullptr);
  if (error != nullptr)
    throw std::runtime_error(fmt::format("[resample] from {} to {} Hz: {}", sound.rate, rate, error));
  result.samples.resize(made);
  return result;
}

}  // namespace unroll
