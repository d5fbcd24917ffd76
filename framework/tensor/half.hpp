#pragma once

#include <bit>
#include <cstdint>

namespace unroll {

/// The value of IEEE 754 binary16, which is 1 sign, 5 exponent and 10 fraction bits; exact.
inline float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000u) << 16, exponent = (half >> 10) & 0x1Fu,
                      fraction = half & 0x3FFu;
  if (exponent == 0) {  // zero or subnormal: a multiple of 2^-24, exact as a float
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(magnitude) | sign);
  }
  const std::uint32_t wide = exponent == 0x1F ? 0xFFu : exponent + (127 - 15);
  return std::bit_cast<float>(sign | (wide << 23) | (fraction << 13));
}

}  // namespace unroll
