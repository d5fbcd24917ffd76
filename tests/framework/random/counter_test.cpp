#include "framework/random/counter.hpp"

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cmath>
#include <set>
#include <stdexcept>
#include <vector>

using namespace unroll;

namespace {

std::vector<std::uint32_t> bits_of(const RandomRow& where, std::size_t units) {
  std::vector<std::uint32_t> bits(units);
  mask_bits(where, bits);
  return bits;
}

}  // namespace

TEST_CASE("[random] Philox gives the vectors published with Random123") {
  using Words = std::array<std::uint32_t, 4>;
  const std::uint32_t ones = 0xffffffff;
  CHECK(philox(0, {0, 0, 0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox(~std::uint64_t{0}, {ones, ones, ones, ones}) ==
        Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox(0x299f31d0a4093822ULL, {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("[random] a unit's mask bits do not depend on the number of units") {
  const RandomRow where{.seed = 5, .layer = 1, .update = 2, .time_step = 3, .row = 4};
  const auto many = bits_of(where, 103);
  for (std::size_t units :
       {std::size_t{0}, std::size_t{1}, std::size_t{3}, std::size_t{4}, std::size_t{102}}) {
    const auto few = bits_of(where, units);
    CHECK(std::equal(few.begin(), few.end(), many.begin()));
  }
}

TEST_CASE("[random] each coordinate of a mask row changes about half of its bits") {
  const RandomRow where{.seed = 5, .layer = 1, .update = 2, .time_step = 3, .row = 4};
  std::vector<RandomRow> others(6, where);
  others[0].seed ^= 1;
  others[1].seed ^= std::uint64_t{1} << 63;
  others[2].layer ^= 1;
  others[3].update ^= 1u << 31;
  others[4].time_step ^= 1u << 20;
  others[5].row ^= 1;
  const std::size_t units = 1000;
  const auto reference = bits_of(where, units);
  for (const RandomRow& other : others) {
    const auto bits = bits_of(other, units);
    int changed = 0;
    for (std::size_t u = 0; u < units; ++u) changed += std::popcount(bits[u] ^ reference[u]);
    const double n = 32.0 * units;
    CHECK(std::abs(changed - n / 2) < 5 * std::sqrt(n / 4));
  }
}

TEST_CASE("[random] coordinates that are exchanged name other rows") {
  std::set<std::vector<std::uint32_t>> rows;
  for (std::uint32_t layer : {0u, 1u})
    for (std::uint32_t update : {0u, 1u})
      for (std::uint32_t time_step : {0u, 1u})
        for (std::uint32_t row : {0u, 1u}) rows.insert(bits_of({0, layer, update, time_step, row}, 4));
  CHECK(rows.size() == 16);
}

TEST_CASE("[random] bits fall below the keep threshold with the probability asked for") {
  CHECK(keep_threshold(0) == 0);
  CHECK(keep_threshold(1) == std::uint64_t{1} << 32);
  CHECK(keep_threshold(0.5) == std::uint64_t{1} << 31);
  const std::size_t units = 100000;
  const auto bits = bits_of({.seed = 1, .layer = 0, .update = 0, .time_step = 0, .row = 0}, units);
  for (double p : {0.0, 0.1, 0.8, 1.0}) {
    std::size_t kept = 0;
    for (std::uint32_t word : bits) kept += word < keep_threshold(p);
    CHECK(std::abs(double(kept) / units - p) <= 5 * std::sqrt(p * (1 - p) / units));
  }
  CHECK_THROWS_AS(keep_threshold(1.5), std::invalid_argument);
  CHECK_THROWS_AS(keep_threshold(std::nan("")), std::invalid_argument);
}
