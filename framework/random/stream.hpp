#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>

namespace unroll {

/// What a random stream is for. Streams of different purposes never share a number.
enum class Purpose : std::uint32_t {
  parameters,
  training_data,
  validation_data,
  mask = 4,  ///< 3 was another one's: what streams yield must not change
  check,
  generation,
  test_data,
  order,
  sampling,  ///< of the points of a sweep
  gradient_noise,
  weight_noise
};

/// A counter-based random stream (Philox 4x32-10, Salmon et al. 2011, through Random123). What it yields
/// depends only on (seed, purpose, indices) and on how many numbers were drawn before; never on threads or on
/// other streams. The seed is the key of Philox, all 64 bits of it; purpose, number of indices, indices and
/// block number are its counter, so two streams of one seed have no counter in common. A copy goes on from
/// where the original stands.
class Stream {
 public:
  /// `indices` (at most two 32-bit numbers) name one of many streams of a purpose: an update, a parameter,
  /// ... Streams with fewer indices are streams of their own: {} is not {0}. More than two throw
  /// std::invalid_argument.
  Stream(std::uint64_t seed, Purpose purpose, std::initializer_list<std::uint32_t> indices = {});

  std::uint32_t bits();
  /// Uniform in [0, 1), 53 random bits.
  double uniform();
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Standard normal (Box-Muller).
  double normal();
  /// Uniform integer in [0, n), without modulo bias; n <= 0 throws std::invalid_argument.
  std::int64_t below(std::int64_t n);
  /// Uniform integer in [low, high).
  std::int64_t between(std::int64_t low, std::int64_t high) { return low + below(high - low); }

 private:
  std::uint64_t bits64();
  void refill();

  std::uint64_t key_;
  std::uint64_t block_ = 0;               ///< of the next refill
  std::array<std::uint32_t, 4> counter_;  ///< with block number 0
  std::array<std::uint32_t, 4> words_{};
  unsigned next_ = 4;  ///< first word of `words_` that was not given out
  double spare_normal_ = 0;
  bool has_spare_normal_ = false;
};

}  // namespace unroll
