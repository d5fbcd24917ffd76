#include "framework/random/stream.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "framework/random/counter.hpp"

using namespace unroll;

namespace {

std::vector<std::uint32_t> first_bits(Stream stream, int count) {
  std::vector<std::uint32_t> bits(static_cast<std::size_t>(count));
  for (auto& word : bits) word = stream.bits();
  return bits;
}

}  // namespace

TEST_CASE("[random] a stream is Philox of (seed; block, indices, purpose and their number)") {
  const auto bits = first_bits(Stream(0x0123456789abcdefULL, Purpose::mask, {7, 9}), 8);
  const std::uint32_t tag = static_cast<std::uint32_t>(Purpose::mask) | 2u << 8;
  for (std::uint32_t block : {0u, 1u}) {
    const auto words = philox(0x0123456789abcdefULL, {block, 7, 9, tag});
    for (std::size_t i = 0; i < 4; ++i) CHECK(bits[4 * block + i] == words[i]);
  }
}

TEST_CASE("[random] a stream depends only on its key") {
  const auto expected = first_bits(Stream(3, Purpose::parameters, {1}), 1000);
  Stream other(3, Purpose::parameters, {2});
  Stream stream(3, Purpose::parameters, {1});
  for (std::uint32_t word : expected) {
    other.normal();
    CHECK(stream.bits() == word);
  }
}

TEST_CASE("[random] streams of other seeds, purposes, indices and numbers of indices share no number") {
  std::vector<Stream> streams;
  const std::uint64_t high_bit = std::uint64_t{1} << 63;
  for (std::uint64_t seed :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 32, high_bit, high_bit | 1})
    for (Purpose purpose : {Purpose::parameters, Purpose::training_data, Purpose::validation_data,
                            Purpose::test_data, Purpose::mask, Purpose::check}) {
      streams.emplace_back(seed, purpose);
      streams.emplace_back(seed, purpose, std::initializer_list<std::uint32_t>{0});
      streams.emplace_back(seed, purpose, std::initializer_list<std::uint32_t>{1});
      streams.emplace_back(seed, purpose, std::initializer_list<std::uint32_t>{0, 0});
      streams.emplace_back(seed, purpose, std::initializer_list<std::uint32_t>{0, 1});
      streams.emplace_back(seed, purpose, std::initializer_list<std::uint32_t>{1, 0});
    }
  std::set<std::array<std::uint32_t, 4>> blocks;
  for (Stream& stream : streams)
    for (int i = 0; i < 64; ++i) {
      const std::array<std::uint32_t, 4> block = {stream.bits(), stream.bits(), stream.bits(), stream.bits()};
      blocks.insert(block);
    }
  CHECK(blocks.size() == streams.size() * 64);
}

TEST_CASE("[random] every bit of the seed changes the stream") {
  const auto reference = first_bits(Stream(0, Purpose::check), 4);
  for (int bit = 0; bit < 64; ++bit)
    CHECK(first_bits(Stream(std::uint64_t{1} << bit, Purpose::check), 4) != reference);
}

TEST_CASE("[random] a copy of a stream goes on with the same numbers, a pending normal included") {
  Stream stream(11, Purpose::check);
  stream.normal();
  stream.bits();
  Stream copy = stream;
  for (int i = 0; i < 20; ++i) CHECK(copy.normal() == stream.normal());
}

TEST_CASE("[random] two threads draw the bits that one thread draws") {
  const auto expected = first_bits(Stream(5, Purpose::training_data, {8}), 4096);
  std::vector<std::vector<std::uint32_t>> drawn(2);
  std::vector<std::thread> threads;
  for (auto& bits : drawn)
    threads.emplace_back([&bits] { bits = first_bits(Stream(5, Purpose::training_data, {8}), 4096); });
  for (auto& thread : threads) thread.join();
  for (const auto& bits : drawn) CHECK(bits == expected);
}

TEST_CASE("[random] uniform numbers lie in [0, 1) and have the moments of the uniform distribution") {
  Stream stream(1, Purpose::check);
  const int n = 200000;
  double sum = 0, squares = 0, lagged = 0, previous = 0.5;
  for (int i = 0; i < n; ++i) {
    const double u = stream.uniform();
    REQUIRE(u >= 0);
    REQUIRE(u < 1);
    sum += u;
    squares += u * u;
    lagged += (u - 0.5) * (previous - 0.5);
    previous = u;
  }
  // Five standard deviations of each estimate.
  CHECK(std::abs(sum / n - 0.5) < 5 * std::sqrt(1.0 / 12 / n));
  CHECK(std::abs(squares / n - 1.0 / 3) < 5 * std::sqrt(4.0 / 45 / n));
  CHECK(std::abs(lagged / n) < 5 * (1.0 / 12) / std::sqrt(n));
}

TEST_CASE("[random] normal numbers have the moments and tails of the normal distribution") {
  Stream stream(2, Purpose::check);
  const int n = 400000;
  double sum = 0, squares = 0, fourth = 0, pairs = 0, previous = 0;
  int beyond_two = 0;
  for (int i = 0; i < n; ++i) {
    const double z = stream.normal();
    sum += z;
    squares += z * z;
    fourth += z * z * z * z;
    pairs += z * previous;
    previous = z;
    if (std::abs(z) > 2) ++beyond_two;
  }
  CHECK(std::abs(sum / n) < 5 / std::sqrt(n));
  CHECK(std::abs(squares / n - 1) < 5 * std::sqrt(2.0 / n));
  CHECK(std::abs(fourth / n - 3) < 5 * std::sqrt(96.0 / n));
  CHECK(std::abs(pairs / n) < 5 / std::sqrt(n));
  const double expected = std::erfc(2 / std::sqrt(2.0));
  CHECK(std::abs(beyond_two / double(n) - expected) < 5 * std::sqrt(expected * (1 - expected) / n));
}

TEST_CASE("[random] integers below n are uniform, for n that divide 2^32 and n that do not") {
  for (std::int64_t n : {1, 2, 3, 7, 10, 64, 100}) {
    CAPTURE(n);
    Stream stream(4, Purpose::check, {static_cast<std::uint32_t>(n)});
    const int draws = 100000;
    std::vector<int> counts(static_cast<std::size_t>(n));
    for (int i = 0; i < draws; ++i) ++counts.at(static_cast<std::size_t>(stream.below(n)));
    const double expected = draws / double(n);
    double chi_square = 0;
    for (int count : counts) chi_square += (count - expected) * (count - expected) / expected;
    // Mean n-1, variance 2(n-1).
    CHECK(chi_square < double(n - 1) + 6 * std::sqrt(2.0 * double(n - 1)) + 1e-9);
  }
}

TEST_CASE("[random] integers below 3 * 2^30 show no modulo bias") {
  // Taking 32 bits modulo 3 * 2^30 would give the lowest third half of all numbers.
  const std::int64_t n = std::int64_t{3} << 30;
  Stream stream(6, Purpose::check);
  const int draws = 30000;
  int lowest_third = 0;
  for (int i = 0; i < draws; ++i) lowest_third += stream.below(n) < n / 3;
  CHECK(std::abs(lowest_third / double(draws) - 1.0 / 3) < 5 * std::sqrt(2.0 / 9 / draws));
}

TEST_CASE("[random] integers below more than 2^32 fill their range") {
  const std::int64_t n = std::int64_t{5} << 40;
  Stream stream(7, Purpose::check);
  std::array<int, 5> counts{};
  for (int i = 0; i < 5000; ++i) ++counts.at(static_cast<std::size_t>(stream.below(n) >> 40));
  for (int count : counts) CHECK(std::abs(count - 1000) < 5 * std::sqrt(800.0));
}

TEST_CASE("[random] between gives every integer of [low, high) and nothing else") {
  Stream stream(8, Purpose::check);
  std::set<std::int64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(stream.between(-3, 4));
  CHECK(seen == std::set<std::int64_t>{-3, -2, -1, 0, 1, 2, 3});
}

TEST_CASE("[random] an empty range and a third index are refused") {
  Stream stream(9, Purpose::check);
  CHECK_THROWS_WITH_AS(stream.below(0), "random integer below 0: the range is empty", std::invalid_argument);
  CHECK_THROWS_AS(stream.between(3, 3), std::invalid_argument);
  CHECK_THROWS_AS(Stream(1, Purpose::check, {1, 2, 3}), std::invalid_argument);
}
