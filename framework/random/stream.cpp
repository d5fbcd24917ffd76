#include "framework/random/stream.hpp"

#include <fmt/format.h>

#include <Random123/boxmuller.hpp>
#include <algorithm>
#include <bit>
#include <stdexcept>

#include "framework/random/counter.hpp"

namespace unroll {

Stream::Stream(std::uint64_t seed, Purpose purpose, std::initializer_list<std::uint32_t> indices)
    : key_(seed), counter_{} {
  if (indices.size() > 2)
    throw std::invalid_argument(
        fmt::format("random stream: at most 2 indices name a stream, got {}", indices.size()));
  std::copy(indices.begin(), indices.end(), counter_.begin() + 1);
  counter_[3] = static_cast<std::uint32_t>(purpose) | static_cast<std::uint32_t>(indices.size()) << 8;
}

void Stream::refill() {
  auto counter = counter_;
  counter[0] = static_cast<std::uint32_t>(block_);
  // 16 bits of room above purpose and number of indices: 2^48 blocks, more than a run can draw.
  counter[3] |= static_cast<std::uint32_t>(block_ >> 32) << 16;
  words_ = philox(key_, counter);
  ++block_;
  next_ = 0;
}

std::uint32_t Stream::bits() {
  if (next_ == words_.size()) refill();
  return words_[next_++];
}

std::uint64_t Stream::bits64() {
  const std::uint64_t low = bits();
  return std::uint64_t{bits()} << 32 | low;
}

double Stream::uniform() { return static_cast<double>(bits64() >> 11) * 0x1p-53; }

double Stream::normal() {
  if (has_spare_normal_) {
    has_spare_normal_ = false;
    return spare_normal_;
  }
  const std::uint64_t angle = bits64();
  const std::uint64_t radius = bits64();
  const r123::double2 pair = r123::boxmuller(angle, radius);
  spare_normal_ = pair.y;
  has_spare_normal_ = true;
  return pair.x;
}

std::int64_t Stream::below(std::int64_t n) {
  if (n <= 0) throw std::invalid_argument(fmt::format("random integer below {}: the range is empty", n));
  const auto range = static_cast<std::uint64_t>(n);
  if (range >> 32 != 0) {
    const std::uint64_t mask = std::bit_ceil(range) - 1;
    std::uint64_t candidate = bits64() & mask;
    while (candidate >= range) candidate = bits64() & mask;
    return static_cast<std::int64_t>(candidate);
  }
  // Lemire 2019, "Fast random integer generation in an interval", algorithm 5: the products that fall into
  // the incomplete part of the 32-bit range are rejected.
  std::uint64_t product = range * bits();
  if (static_cast<std::uint32_t>(product) < range) {
    const std::uint64_t incomplete = (std::uint64_t{1} << 32) % range;
    while (static_cast<std::uint32_t>(product) < incomplete) product = range * bits();
  }
  return static_cast<std::int64_t>(product >> 32);
}

}  // namespace unroll
