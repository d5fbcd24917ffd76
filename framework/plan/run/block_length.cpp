#include "framework/plan/run/block_length.hpp"

#include <algorithm>
#include <bit>

namespace unroll {

// What is kept over a block's steps should stay in the second-level cache, but a sum over its rows should be
// worth a product. The gradient of a weight too large for that cache is read and written once per block: then
// longer blocks cost less than they lose (64 rows of 512 units: 161 ms with 32 steps, 163 with 8; 64 rows of
// four gates of 256: 61 ms with 8, 65 with 32).
std::int64_t steps_per_block(const ir::Loop::Blocks& blocks, Sizes sizes) {
  constexpr std::int64_t elements = 16 * 1024, wide = 384;
  std::int64_t state = 1, units = 0;
  for (const Dim dim : blocks.state_sizes) {
    state += dim.at(sizes);
    units = std::max(units, dim.number());
  }
  const std::int64_t least = units >= wide ? 32 : 8;
  const auto steps = static_cast<std::uint64_t>(std::clamp(elements / state, least, max_block_steps));
  return static_cast<std::int64_t>(std::bit_floor(steps));
}

// Of a weight a product is made in every block: as many rows as fit into the third-level cache, in blocks of
// one size as far as that goes: 700 rows of 10,000, of 200 units, take their three products in 84 ms by 350,
// 88 by 209, 104 by 100.
std::int64_t rows_per_block(const ir::Loop::Rows& rows, std::int64_t length, Sizes sizes) {
  constexpr std::int64_t wide_elements = 4 * 1024 * 1024;
  const std::int64_t most =
      std::max<std::int64_t>(1, wide_elements / std::max<std::int64_t>(1, rows.widest.at(sizes)));
  length = std::max<std::int64_t>(1, length);
  const std::int64_t blocks = (length + most - 1) / most;
  return (length + blocks - 1) / blocks;
}

}  // namespace unroll
