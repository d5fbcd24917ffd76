#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace unroll {

/// One block of Philox 4x32-10 (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2,
/// 3"): 128 random bits that depend on key and counter alone.
std::array<std::uint32_t, 4> philox(std::uint64_t key, const std::array<std::uint32_t, 4>& counter);

/// Where a row of random bits or numbers stands in a training run.
struct RandomRow {
  std::uint64_t seed;
  std::uint32_t layer;
  std::uint32_t update;
  std::uint32_t time_step;  ///< absolute, from the start of the sequence, also when it is read in windows
  std::uint32_t row;        ///< in the whole batch, also when it is split
};

/// Fills out[u] with the 32 random bits of unit u. They depend on `where` and u alone: not on the number of
/// units, not on what was drawn before. A mask recomputed, differentiated or computed by another thread is
/// the same mask. Four units share one block of Philox.
void mask_bits(const RandomRow& where, std::span<std::uint32_t> out);

/// Fills out[u] with a standard normal number for unit u (Box-Muller), which depends on `where` and u alone,
/// like the bits above. Two units share one block.
void normal_numbers(const RandomRow& where, std::span<double> out);

/// The threshold below which bits mean "keep": bits < keep_threshold(p) holds with probability p (to 2^-32).
/// 64 bits wide, for p = 1 keeps everything. Throws std::invalid_argument unless 0 <= p <= 1.
std::uint64_t keep_threshold(double probability);

}  // namespace unroll
