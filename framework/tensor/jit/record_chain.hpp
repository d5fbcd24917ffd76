#pragma once

#include <span>

#include "framework/tensor/chain.hpp"
#include "framework/tensor/jit/recording.hpp"

namespace unroll::jit {

/// The instructions of a chain for one group of elements. T is float or double.
template <class T>
Recording record_chain(std::span<const ChainStep> steps, std::span<const ChainOperand> operands, Isa isa);

/// Whether a function's instructions can be written down; others are calls of the C library.
bool has_instructions(Unary f);
bool has_instructions(Binary f);
/// Of all functions of a chain. Some have them in float alone.
template <class T>
bool has_instructions(std::span<const ChainStep> steps);

}  // namespace unroll::jit
