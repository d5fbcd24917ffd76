#include "experiments/train/noise.hpp"

namespace unroll {

void add_noise(const NoiseStream& which, double deviation, std::span<float> values) {
  Stream stream(which.seed, which.purpose,
                {static_cast<std::uint32_t>(which.update), static_cast<std::uint32_t>(which.parameter)});
  for (float& x : values) x += static_cast<float>(deviation * stream.normal());
}

}  // namespace unroll
