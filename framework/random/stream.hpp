#pragma once

#include <cstdint>
#include <initializer_list>

namespace unroll {

/// What a random stream is for. Streams of different purposes never share a number.
enum class Purpose : std::uint32_t {
  parameters,
  training_data,
  validation_data,
  diagnostics_data,
  mask,
  check
};

/// A counter-based random stream (Philox 4x32-10, Salmon et al. 2011, through Random123). What it yields
/// depends only on (seed, purpose, indices) and on how many numbers were drawn before; never on threads or on
/// other streams.
class Stream {
 public:
  /// `indices` (at most two 32-bit numbers) name one of many streams of a purpose: an update, a parameter,
  /// ...
  Stream(std::uint64_t seed, Purpose purpose, std::initializer_list<std::uint32_t> indices = {});

  std::uint32_t bits();
  /// Uniform in [0, 1), 53 random bits.
  double uniform();
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Standard normal (Box-Muller).
  double normal();
  /// Uniform integer in [0, n), without modulo bias; n > 0.
  std::int64_t below(std::int64_t n);
  /// Uniform integer in [low, high).
  std::int64_t between(std::int64_t low, std::int64_t high) { return low + below(high - low); }
};

}  // namespace unroll
