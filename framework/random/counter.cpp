#include "framework/random/counter.hpp"

#include <Random123/philox.h>
#include <fmt/format.h>

#include <Random123/boxmuller.hpp>
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "framework/random/stream.hpp"

namespace unroll {
namespace {

// In the fourth counter word of a Stream this place holds the number of indices, 0 to 2.
constexpr std::uint32_t layer_key_mark = 0xFFu << 8;

/// Seed and layer need 96 bits of which a key has 64, so a layer's key is drawn from the seed's.
std::uint64_t layer_key(std::uint64_t seed, std::uint32_t layer) {
  const std::uint32_t purpose = static_cast<std::uint32_t>(Purpose::mask) | layer_key_mark;
  const auto words = philox(seed, {0, layer, 0, purpose});
  return std::uint64_t{words[1]} << 32 | words[0];
}

}  // namespace

std::array<std::uint32_t, 4> philox(std::uint64_t key, const std::array<std::uint32_t, 4>& counter) {
  const r123::Philox4x32::ctr_type in = {{counter[0], counter[1], counter[2], counter[3]}};
  const r123::Philox4x32::key_type halves = {
      {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)}};
  const auto out = r123::Philox4x32{}(in, halves);
  return {out.v[0], out.v[1], out.v[2], out.v[3]};
}

void mask_bits(const RandomRow& where, std::span<std::uint32_t> out) {
  const std::uint64_t key = layer_key(where.seed, where.layer);
  for (std::size_t unit = 0; unit < out.size(); unit += 4) {
    const auto block = static_cast<std::uint32_t>(unit / 4);
    const auto words = philox(key, {block, where.row, where.time_step, where.update});
    std::copy_n(words.begin(), std::min<std::size_t>(4, out.size() - unit), out.begin() + unit);
  }
}

void normal_numbers(const RandomRow& where, std::span<double> out) {
  const std::uint64_t key = layer_key(where.seed, where.layer);
  for (std::size_t unit = 0; unit < out.size(); unit += 2) {
    const auto block = static_cast<std::uint32_t>(unit / 2);
    const auto words = philox(key, {block, where.row, where.time_step, where.update});
    const r123::double2 pair =
        r123::boxmuller(std::uint64_t{words[1]} << 32 | words[0], std::uint64_t{words[3]} << 32 | words[2]);
    out[unit] = pair.x;
    if (unit + 1 < out.size()) out[unit + 1] = pair.y;
  }
}

std::uint64_t keep_threshold(double probability) {
  if (!(probability >= 0 && probability <= 1))
    throw std::invalid_argument(
        fmt::format("mask: the probability to keep must lie in [0, 1], got {}", probability));
  return static_cast<std::uint64_t>(std::llround(std::ldexp(probability, 32)));
}

}  // namespace unroll
