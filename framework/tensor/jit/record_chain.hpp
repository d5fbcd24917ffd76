#pragma once

#include <span>

#include "framework/tensor/chain.hpp"
#include "framework/tensor/jit/recording.hpp"

namespace unroll::jit {

/// The instructions of a chain for one group of elements. T is float or double.
template <class T>
Recording record_chain(std::span<const ChainStep> steps, std::span<const ChainOperand> operands, Isa isa);

}  // namespace unroll::jit
