#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "framework/random/stream.hpp"

namespace unroll {

/// Which normal numbers are drawn: those of one parameter at one update, whatever was drawn before.
struct NoiseStream {
  std::uint64_t seed;
  Purpose purpose;
  std::int64_t update;
  std::size_t parameter;
};

/// Adds independent normal numbers of mean 0 and this standard deviation.
void add_noise(const NoiseStream& which, double deviation, std::span<float> values);

/// Gives all values new ones, independent and uniform from -half_width to half_width.
void draw_uniform(const NoiseStream& which, double half_width, std::span<float> values);

}  // namespace unroll
