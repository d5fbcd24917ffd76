#include "experiments/train/noise.hpp"

namespace unroll {

namespace {

Stream stream_of(const NoiseStream& which) {
  return {which.seed,
          which.purpose,
          {static_cast<std::uint32_t>(which.update), static_cast<std::uint32_t>(which.parameter)}};
}

}  // namespace

void add_noise(const NoiseStream& which, double deviation, std::span<float> values) {
  Stream stream = stream_of(which);
  for (float& x : values) x += static_cast<float>(deviation * stream.normal());
}

void draw_uniform(const NoiseStream& which, double half_width, std::span<float> values) {
  Stream stream = stream_of(which);
  for (float& x : values) x = static_cast<float>(stream.uniform(-half_width, half_width));
}

}  // namespace unroll
