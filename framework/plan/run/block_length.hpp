#pragma once

#include "framework/plan/ir/program.hpp"

namespace unroll {

/// R, steps of a block over time. It depends on the recorded step alone, never on T, so that a sum over time
/// is always the same sum of blocks.
std::int64_t steps_per_block(const ir::Loop::Blocks& blocks, Sizes sizes);

/// R, rows of a block of wide values, of `length` rows in all.
std::int64_t rows_per_block(const ir::Loop::Rows& rows, std::int64_t length, Sizes sizes);

/// The longest block over time; shorter ones divide it.
inline constexpr std::int64_t max_block_steps = 256;

}  // namespace unroll
